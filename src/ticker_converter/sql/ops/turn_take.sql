-- Whether this connection has the turn to sync now; it has it until it lets go or ends.
-- params: lock
-- returns: taken
SELECT pg_try_advisory_lock(%(lock)s)
