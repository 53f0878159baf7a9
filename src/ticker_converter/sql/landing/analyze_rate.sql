-- Tell the planner what was staged.
-- params: none
-- returns: none
ANALYZE pg_temp.stage_rate
