-- The instruments of which everything is told again, and from which load on.
-- params: none
-- returns: instrument_id, start
SELECT instrument_id, start FROM pg_temp.again_instrument ORDER BY instrument_id
