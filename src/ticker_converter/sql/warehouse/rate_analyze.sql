-- Tell the planner of a bulk load of rates.
-- params: none
-- returns: none
ANALYZE warehouse.fact_fx_rate
