-- Hold a call while it is made, so that no other process makes it at the same time; false: another one holds it.
-- params: provider, request
-- returns: claimed
SELECT pg_try_advisory_lock(hashtextextended(%(provider)s || ' ' || %(request)s, 7264504))
