-- A refresh token with its log-in, locked: two uses of one token come after each other.
-- params: sha256
-- returns: family_id, user_id, name, scopes, used, good
SELECT f.family_id, u.user_id, u.name, ARRAY(SELECT s.one FROM unnest(f.scopes) AS s (one) WHERE s.one = ANY (u.scopes)),
    t.used_at IS NOT NULL,
    f.revoked_at IS NULL AND u.disabled_at IS NULL AND t.expires_at > clock_timestamp()
FROM access.refresh_token AS t
JOIN access.refresh_family AS f USING (family_id)
JOIN access.users AS u USING (user_id)
WHERE t.sha256 = %(sha256)s
FOR UPDATE OF t
