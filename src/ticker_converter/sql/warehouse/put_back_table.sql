-- What takes the place of bars that are taken away, for this connection.
-- params: none
-- returns: none
CREATE TEMP TABLE IF NOT EXISTS put_back (LIKE warehouse.fact_price) ON COMMIT DELETE ROWS
