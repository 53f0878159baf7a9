-- The upgrade is over.
-- params: lock
-- returns: none
SELECT pg_advisory_unlock(%(lock)s)
