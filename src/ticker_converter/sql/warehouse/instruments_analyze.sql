-- Tell the planner of the instruments, units and sessions that this load has just added.
-- params: none
-- returns: none
ANALYZE warehouse.dim_instrument, warehouse.instrument_unit, warehouse.dim_date
