-- What a person did in this load, in words that a rebuild can repeat.
-- params: load_id, act
-- returns: none
UPDATE landing.load SET act = %(act)s WHERE load_id = %(load_id)s
