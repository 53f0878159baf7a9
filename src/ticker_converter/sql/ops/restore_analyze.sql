-- Count a restored table for the planner.
-- params: none
-- returns: none
ANALYZE {table}
