-- Of the actions that passed the other rules: those of one instrument, kind and ex-date that contradict each other
-- (several dividends of one day are told apart by type and payment date).
-- params: none
-- returns: row_no, evidence
WITH several AS (
    SELECT instrument_id, kind, ex_date, type, pay_date,
        jsonb_agg(jsonb_build_object('row', row_no, 'new', new, 'old', old, 'amount', amount)) AS found
    FROM pg_temp.stage_action AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
    GROUP BY instrument_id, kind, ex_date, type, pay_date
    HAVING count(*) > 1 AND count(DISTINCT (new, old, amount, unit_id, basis)) > 1
)
SELECT s.row_no, jsonb_build_object('rows', m.found)
FROM pg_temp.stage_action AS s
JOIN several AS m USING (instrument_id, kind, ex_date, type, pay_date)
WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
