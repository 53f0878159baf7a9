-- Insert actions known before what is stored into their place among the revisions.
-- params: source_id, load_id, known_from
-- returns: inserted
WITH late AS (
    SELECT s.*, next.at AS known_to, believed.same
    FROM pg_temp.verdict AS v
    JOIN pg_temp.stage_action AS s USING (row_no)
    CROSS JOIN LATERAL (
        SELECT min(k.at) AS at
        FROM (
            SELECT unnest(ARRAY[r.known_from, r.known_to]) FROM warehouse.fact_corporate_action_revision AS r
            WHERE r.source_id = %(source_id)s AND (r.instrument_id, r.kind, r.ex_date, r.type, r.pay_date)
                = (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
            UNION ALL
            SELECT f.known_from FROM warehouse.fact_corporate_action AS f
            WHERE f.source_id = %(source_id)s AND (f.instrument_id, f.kind, f.ex_date, f.type, f.pay_date)
                = (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
        ) AS k (at)
        WHERE k.at > %(known_from)s
    ) AS next
    LEFT JOIN LATERAL (
        SELECT r.known_from, (r.new, r.old, r.amount, r.unit_id, r.basis)
            IS NOT DISTINCT FROM (s.new, s.old, s.amount, s.unit_id, s.basis) AS same
        FROM warehouse.fact_corporate_action_revision AS r
        WHERE r.source_id = %(source_id)s AND (r.instrument_id, r.kind, r.ex_date, r.type, r.pay_date)
                = (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
            AND r.known_from <= %(known_from)s AND %(known_from)s < r.known_to
    ) AS believed ON true
    WHERE v.verdict = 'late' AND (believed.same AND believed.known_from = %(known_from)s) IS NOT TRUE
),
ended AS (
    UPDATE warehouse.fact_corporate_action_revision AS r
    SET known_to = %(known_from)s
    FROM late AS s
    WHERE r.source_id = %(source_id)s AND (r.instrument_id, r.kind, r.ex_date, r.type, r.pay_date)
            = (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
        AND r.known_from <= %(known_from)s AND %(known_from)s < r.known_to
),
put AS (
    INSERT INTO warehouse.fact_corporate_action_revision
    SELECT instrument_id, %(source_id)s, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis, %(load_id)s,
        %(known_from)s, known_to, %(load_id)s
    FROM late
)
SELECT count(*) FILTER (WHERE same IS NOT TRUE) FROM late
