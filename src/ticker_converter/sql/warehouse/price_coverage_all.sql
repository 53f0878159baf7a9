-- Coverage of instruments whose first bars were just stored.
-- params: none
-- returns: none
INSERT INTO warehouse.coverage (instrument_id, first_session, last_session, bars)
SELECT s.instrument_id, min(s.session), max(s.session), count(*)
FROM pg_temp.stage_price AS s
WHERE s.row_no NOT IN (SELECT h.row_no FROM pg_temp.held AS h)
GROUP BY s.instrument_id
ON CONFLICT (instrument_id) DO UPDATE
SET first_session = excluded.first_session, last_session = excluded.last_session, bars = excluded.bars
