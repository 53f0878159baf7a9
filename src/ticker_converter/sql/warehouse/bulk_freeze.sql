-- Freeze what a bulk load stored and tell the planner of it, as autovacuum would a minute later: the first readers would
-- otherwise write every page once more. Another vacuum at work is left to it.
-- params: none
-- returns: none
VACUUM (FREEZE, ANALYZE, SKIP_LOCKED) warehouse.fact_price, warehouse.coverage, landing.payload_chunk
