-- What a user may do now.
-- params: user_id
-- returns: name, scopes, disabled, tokens_from
SELECT name, scopes, disabled_at IS NOT NULL, tokens_from FROM access.users WHERE user_id = %(user_id)s
