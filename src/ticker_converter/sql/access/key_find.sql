-- What a key is checked against; `good`: neither revoked nor expired nor a disabled user's.
-- params: key_id
-- returns: sha256, scopes, good, expires_at, stale
SELECT k.sha256, k.scopes,
    k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()) AND u.disabled_at IS NULL,
    k.expires_at,
    k.last_used_at IS NULL OR k.last_used_at < clock_timestamp() - interval '1 minute'
FROM access.api_key AS k
LEFT JOIN access.users AS u USING (user_id)
WHERE k.key_id = %(key_id)s
