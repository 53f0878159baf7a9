-- Whether this connection has its staging tables.
-- params: none
-- returns: made
SELECT to_regclass('pg_temp.walked') IS NOT NULL
