-- Every user, without the password.
-- params: none
-- returns: name, scopes, created_at, disabled_at
SELECT name, scopes, created_at, disabled_at FROM access.users ORDER BY name
