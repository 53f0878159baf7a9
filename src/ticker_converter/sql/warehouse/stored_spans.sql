-- What is stored of each instrument: its first and last session, and the order in which instruments came to the list.
-- params: none
-- returns: symbol, place, first_session, last_session, shadows
SELECT i.symbol, i.instrument_id, c.first_session, c.last_session, i.shadows
FROM warehouse.dim_instrument AS i
LEFT JOIN warehouse.coverage AS c USING (instrument_id)
