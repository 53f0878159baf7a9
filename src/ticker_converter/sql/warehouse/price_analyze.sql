-- Tell the planner of a bulk load of bars.
-- params: none
-- returns: none
ANALYZE warehouse.fact_price, warehouse.coverage
