-- One publishing transaction at a time, so that known_from never runs backwards.
-- params: lock
-- returns: none
SELECT pg_advisory_xact_lock(%(lock)s)
