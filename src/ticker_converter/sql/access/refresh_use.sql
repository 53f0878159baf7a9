-- Spend a refresh token.
-- params: sha256
-- returns: none
UPDATE access.refresh_token SET used_at = clock_timestamp() WHERE sha256 = %(sha256)s
