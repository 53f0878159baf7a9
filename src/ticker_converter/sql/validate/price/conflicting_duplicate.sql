-- Of the bars that passed the other rules: those of one instrument and day, in one payload, that do not say the same.
-- params: none
-- returns: row_no, evidence
WITH several AS (
    SELECT instrument_id, session
    FROM pg_temp.stage_price AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
    GROUP BY instrument_id, session
    HAVING count(*) > 1 AND count(DISTINCT (open, high, low, close, volume, unit_id, basis)) > 1
)
SELECT s.row_no, jsonb_build_object('rows', (
    SELECT jsonb_agg(jsonb_build_object('row', t.row_no, 'open', t.open, 'high', t.high, 'low', t.low,
        'close', t.close, 'volume', t.volume) ORDER BY t.row_no)
    FROM pg_temp.stage_price AS t
    WHERE t.instrument_id = s.instrument_id AND t.session = s.session))
FROM pg_temp.stage_price AS s
JOIN several USING (instrument_id, session)
WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
