-- The newest migration that this database has.
-- params: none
-- returns: number
SELECT number FROM mart.schema
