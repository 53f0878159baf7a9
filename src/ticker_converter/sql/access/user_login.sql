-- What a log-in is checked against.
-- params: name
-- returns: user_id, password, scopes, disabled
SELECT user_id, password, scopes, disabled_at IS NOT NULL FROM access.users WHERE name = %(name)s
