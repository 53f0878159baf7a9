-- Every key, without its digest.
-- params: none
-- returns: id, name, user, scopes, created_at, expires_at, last_used_at, revoked_at
SELECT k.key_id AS id, k.name, u.name AS user, k.scopes, k.created_at, k.expires_at, k.last_used_at, k.revoked_at
FROM access.api_key AS k
LEFT JOIN access.users AS u USING (user_id)
ORDER BY k.created_at, k.key_id
