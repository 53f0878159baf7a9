-- The number of the last applied migration.
-- params: none
-- returns: number
SELECT coalesce(max(number), 0) FROM mart.migration
