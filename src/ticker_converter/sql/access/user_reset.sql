-- Set a user's password anew: every token and log-in made before is refused, and the account's log-in windows end.
-- params: name, password, account
-- returns: name, scopes, created_at, disabled_at
WITH changed AS (
    UPDATE access.users
    SET password = %(password)s, tokens_from = date_trunc('second', clock_timestamp()) + interval '1 second'
    WHERE name = %(name)s
    RETURNING user_id, name, scopes, created_at, disabled_at
),
revoked AS (
    UPDATE access.refresh_family AS f SET revoked_at = clock_timestamp()
    FROM changed
    WHERE f.user_id = changed.user_id AND f.revoked_at IS NULL
),
freed AS (
    DELETE FROM access.login_window WHERE starts_with(subject, %(account)s)
)
SELECT name, scopes, created_at, disabled_at FROM changed
