-- The id of an enabled user.
-- params: name
-- returns: user_id
SELECT user_id FROM access.users WHERE name = %(name)s AND disabled_at IS NULL
