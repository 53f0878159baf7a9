-- Make this session the reader's where the login role may, and say whether that role and the schema exist.
-- params: none
-- returns: role_exists, migrated, taken
SELECT
    reader.oid IS NOT NULL AS role_exists,
    to_regnamespace('mart') IS NOT NULL AS migrated,
    CASE
        WHEN
            pg_has_role(
                reader.oid,
                CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END
            )
            THEN set_config('role', 'ticker_reader', FALSE)
    END AS taken
FROM (VALUES (1)) AS one (row)
LEFT JOIN pg_roles AS reader ON reader.rolname = 'ticker_reader'
