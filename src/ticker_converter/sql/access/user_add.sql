-- Make a user.
-- params: name, password, scopes
-- returns: user_id
INSERT INTO access.users (name, password, scopes) VALUES (%(name)s, %(password)s, %(scopes)s)
ON CONFLICT (name) DO NOTHING
RETURNING user_id
