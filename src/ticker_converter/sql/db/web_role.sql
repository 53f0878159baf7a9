-- Make this session the web server's where the login role may, and say whether that role and its schema exist.
-- params: none
-- returns: role_exists, migrated, taken
SELECT
    web.oid IS NOT NULL AS role_exists,
    to_regnamespace('access') IS NOT NULL AS migrated,
    CASE
        WHEN
            pg_has_role(
                web.oid,
                CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END
            )
            THEN set_config('role', 'ticker_web', FALSE)
    END AS taken
FROM (VALUES (1)) AS one (row)
LEFT JOIN pg_roles AS web ON web.rolname = 'ticker_web'
