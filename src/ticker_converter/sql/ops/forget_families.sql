-- Log-ins of which no refresh token is left.
-- params: none
-- returns: none
DELETE FROM access.refresh_family AS f
WHERE NOT EXISTS (SELECT FROM access.refresh_token AS t WHERE t.family_id = f.family_id)
