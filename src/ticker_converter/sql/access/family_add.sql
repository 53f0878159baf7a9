-- Begin a family of refresh tokens: one log-in.
-- params: user_id, scopes
-- returns: family_id
INSERT INTO access.refresh_family (user_id, scopes) VALUES (%(user_id)s, %(scopes)s) RETURNING family_id
