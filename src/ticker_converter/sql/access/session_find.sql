-- What a session is checked against; `good`: neither ended nor expired, its user neither disabled nor given a new password.
-- params: sha256
-- returns: name, scopes, expires_at, good
SELECT u.name, u.scopes, s.expires_at,
    s.ended_at IS NULL AND s.expires_at > clock_timestamp() AND u.disabled_at IS NULL AND s.created_at >= u.tokens_from
FROM access.session AS s
JOIN access.users AS u USING (user_id)
WHERE s.sha256 = %(sha256)s
