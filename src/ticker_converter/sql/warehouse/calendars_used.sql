-- The exchanges whose sessions are stored.
-- params: none
-- returns: mic
SELECT DISTINCT mic FROM warehouse.dim_date
