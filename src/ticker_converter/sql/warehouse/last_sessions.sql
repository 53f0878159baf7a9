-- The last stored session of each instrument.
-- params: none
-- returns: symbol, last_session
SELECT i.symbol, c.last_session FROM warehouse.dim_instrument AS i JOIN warehouse.coverage AS c USING (instrument_id)
