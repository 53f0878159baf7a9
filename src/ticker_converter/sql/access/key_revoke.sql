-- Revoke a key; a revoked one keeps its time.
-- params: key_id
-- returns: id, name, scopes, created_at, expires_at, last_used_at, revoked_at
UPDATE access.api_key SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE key_id = %(key_id)s
RETURNING key_id AS id, name, scopes, created_at, expires_at, last_used_at, revoked_at
