-- Let a call go.
-- params: provider, request
-- returns: none
SELECT pg_advisory_unlock(hashtextextended(%(provider)s || ' ' || %(request)s, 7264504))
