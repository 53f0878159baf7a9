-- Coverage of instruments whose first bars were just stored.
-- params: instruments, firsts, lasts, bars
-- returns: none
INSERT INTO warehouse.coverage (instrument_id, first_session, last_session, bars)
SELECT * FROM unnest(%(instruments)s::integer[], %(firsts)s::date[], %(lasts)s::date[], %(bars)s::integer[])
ON CONFLICT (instrument_id) DO UPDATE
SET first_session = excluded.first_session, last_session = excluded.last_session, bars = excluded.bars
