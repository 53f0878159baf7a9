-- Of the rates that passed the other rules: those of one source, pair and day, in one payload, that differ.
-- params: none
-- returns: row_no, evidence
WITH several AS (
    SELECT source_id, base, quote, rate_date, jsonb_agg(jsonb_build_object('row', row_no, 'rate', rate)) AS found
    FROM pg_temp.stage_rate AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
    GROUP BY source_id, base, quote, rate_date
    HAVING count(*) > 1 AND count(DISTINCT rate) > 1
)
SELECT s.row_no, jsonb_build_object('rows', m.found)
FROM pg_temp.stage_rate AS s
JOIN several AS m USING (source_id, base, quote, rate_date)
WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
