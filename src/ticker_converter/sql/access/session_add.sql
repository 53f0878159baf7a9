-- Keep a session's digest, and forget sessions that are over.
-- params: sha256, user_id, days
-- returns: expires_at
WITH over AS (
    DELETE FROM access.session WHERE expires_at < clock_timestamp() - interval '1 day'
)
INSERT INTO access.session (sha256, user_id, expires_at)
VALUES (%(sha256)s, %(user_id)s, clock_timestamp() + make_interval(days => %(days)s))
RETURNING expires_at
