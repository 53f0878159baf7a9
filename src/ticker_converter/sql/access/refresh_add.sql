-- Keep a refresh token's digest.
-- params: sha256, family_id, days
-- returns: none
INSERT INTO access.refresh_token (sha256, family_id, expires_at)
VALUES (%(sha256)s, %(family_id)s, clock_timestamp() + make_interval(days => %(days)s))
