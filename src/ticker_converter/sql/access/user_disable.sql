-- Disable a user and revoke the refresh tokens of all their log-ins.
-- params: name
-- returns: name, scopes, created_at, disabled_at
WITH gone AS (
    UPDATE access.users SET disabled_at = coalesce(disabled_at, clock_timestamp()) WHERE name = %(name)s
    RETURNING user_id, name, scopes, created_at, disabled_at
),
revoked AS (
    UPDATE access.refresh_family AS f SET revoked_at = clock_timestamp()
    FROM gone
    WHERE f.user_id = gone.user_id AND f.revoked_at IS NULL
)
SELECT name, scopes, created_at, disabled_at FROM gone
