-- Close the actions that are about to be replaced, those that a whole list no longer holds, and dividends stored without
-- the payment date that is stated now.
-- params: source_id, load_id, known_from, whole, about
-- returns: withdrawn
WITH listed AS (
    SELECT instrument_id FROM pg_temp.stage_action WHERE instrument_id IS NOT NULL
    UNION
    SELECT %(about)s::integer
),
leaving AS (
    SELECT f.*, true AS withdrawn
    FROM warehouse.fact_corporate_action AS f
    JOIN listed USING (instrument_id)
    WHERE f.source_id = %(source_id)s
        AND f.known_from <= %(known_from)s
        AND (f.kind = ANY (%(whole)s) OR f.kind = 'dividend' AND f.pay_date = 'infinity' AND EXISTS (
            SELECT FROM pg_temp.stage_action AS s
            WHERE s.pay_date <> 'infinity'
                AND (s.instrument_id, s.kind, s.ex_date, s.type) = (f.instrument_id, f.kind, f.ex_date, f.type)))
        AND NOT EXISTS (
            SELECT FROM pg_temp.stage_action AS s
            WHERE (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
                = (f.instrument_id, f.kind, f.ex_date, f.type, f.pay_date))
    UNION ALL
    SELECT f.*, false
    FROM pg_temp.verdict AS v
    JOIN pg_temp.stage_action AS s USING (row_no)
    JOIN warehouse.fact_corporate_action AS f
        ON f.source_id = %(source_id)s AND (f.instrument_id, f.kind, f.ex_date, f.type, f.pay_date)
            = (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
    WHERE v.verdict IN ('revised', 'adopted')
),
kept AS (
    INSERT INTO warehouse.fact_corporate_action_revision
    SELECT instrument_id, source_id, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis, load_id,
        known_from, %(known_from)s, %(load_id)s
    FROM leaving
),
gone AS (
    DELETE FROM warehouse.fact_corporate_action AS f
    USING leaving AS l
    WHERE (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date)
        = (l.instrument_id, l.source_id, l.kind, l.ex_date, l.type, l.pay_date)
)
SELECT count(*) FILTER (WHERE withdrawn) FROM leaving
