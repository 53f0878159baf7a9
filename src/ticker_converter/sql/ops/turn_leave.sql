-- Let the turn to sync go.
-- params: lock
-- returns: left
SELECT pg_advisory_unlock(%(lock)s)
