-- A dividend stated without its payment date is the one of that ex-date whose payment date is stored, where there is just
-- one: Alpha Vantage's adjusted prices state the same dividends as its list, and each must count once.
-- params: source_id
-- returns: none
UPDATE pg_temp.stage_action AS s
SET pay_date = f.pay_date
FROM (
    SELECT instrument_id, ex_date, type, min(pay_date) AS pay_date
    FROM warehouse.fact_corporate_action
    WHERE source_id = %(source_id)s AND kind = 'dividend' AND pay_date <> 'infinity'
        AND instrument_id IN (SELECT instrument_id FROM pg_temp.stage_action)
    GROUP BY instrument_id, ex_date, type
    HAVING count(*) = 1
) AS f
WHERE s.kind = 'dividend' AND s.pay_date = 'infinity'
    AND (s.instrument_id, s.ex_date, s.type) = (f.instrument_id, f.ex_date, f.type)
    AND NOT EXISTS (
        SELECT FROM pg_temp.stage_action AS o
        WHERE o.kind = 'dividend' AND o.row_no <> s.row_no
            AND (o.instrument_id, o.ex_date, o.type) = (s.instrument_id, s.ex_date, s.type))
