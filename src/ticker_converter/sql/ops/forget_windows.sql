-- Windows of attempts to log in and of rate limits that are over for an hour.
-- params: none
-- returns: a row for each
WITH logins AS (
    DELETE FROM access.login_window AS l WHERE l.ends_at < clock_timestamp() - interval '1 hour' RETURNING 1
), limits AS (
    DELETE FROM access.limit_window AS w WHERE w.ends_at < clock_timestamp() - interval '1 hour' RETURNING 1
)
SELECT 1 FROM logins UNION ALL SELECT 1 FROM limits
