-- One backup or drill at a time; the lock ends with the session.
-- params: lock
-- returns: taken
SELECT pg_try_advisory_lock(%(lock)s)
