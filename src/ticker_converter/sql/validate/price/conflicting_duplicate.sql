-- Of the bars that passed the other rules: those of one instrument and day, in one payload, that do not say the same.
-- params: none
-- returns: row_no, evidence
WITH passed AS (
    SELECT * FROM pg_temp.stage_price AS s WHERE s.row_no NOT IN (SELECT o.row_no FROM pg_temp.offence AS o)
),
several AS (
    SELECT instrument_id, session FROM passed GROUP BY instrument_id, session HAVING count(*) > 1
),
differing AS (
    SELECT instrument_id, session, jsonb_agg(jsonb_build_object(
        'row', p.row_no, 'open', p.open, 'high', p.high, 'low', p.low, 'close', p.close, 'volume', p.volume)
        ORDER BY p.row_no) AS rows
    FROM several
    JOIN passed AS p USING (instrument_id, session)
    GROUP BY instrument_id, session
    HAVING count(DISTINCT (p.open, p.high, p.low, p.close, p.volume, p.unit_id, p.basis)) > 1
)
SELECT p.row_no, jsonb_build_object('rows', d.rows)
FROM differing AS d
JOIN passed AS p USING (instrument_id, session)
