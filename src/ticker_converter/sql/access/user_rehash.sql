-- Keep the same password hashed with today's parameters, unless it was changed meanwhile.
-- params: user_id, old, new
-- returns: none
UPDATE access.users SET password = %(new)s WHERE user_id = %(user_id)s AND password = %(old)s
