-- One taker at a time per provider and key, until the transaction ends.
-- params: provider, key_id
-- returns: none
SELECT pg_advisory_xact_lock(hashtextextended(%(provider)s || ':' || %(key_id)s, 7264503))
