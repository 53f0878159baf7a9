-- One upgrade at a time per database.
-- params: lock
-- returns: none
SELECT pg_advisory_lock(%(lock)s)
