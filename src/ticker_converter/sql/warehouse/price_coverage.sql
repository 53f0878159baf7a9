-- Bring coverage up to the bars just stored.
-- params: none
-- returns: none
INSERT INTO warehouse.coverage AS c (instrument_id, first_session, last_session, bars)
SELECT s.instrument_id, min(s.session), max(s.session), count(*)
FROM pg_temp.verdict AS v
JOIN pg_temp.stage_price AS s USING (row_no)
WHERE v.verdict = 'inserted'
GROUP BY s.instrument_id
ON CONFLICT (instrument_id) DO UPDATE
SET first_session = least(c.first_session, excluded.first_session),
    last_session = greatest(c.last_session, excluded.last_session), bars = c.bars + excluded.bars
