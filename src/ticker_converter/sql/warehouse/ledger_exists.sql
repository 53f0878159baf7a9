-- Whether any migration was ever applied.
-- params: none
-- returns: exists
SELECT to_regclass('ops.migration') IS NOT NULL
