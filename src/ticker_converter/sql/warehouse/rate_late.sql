-- Insert rates known before what is stored into their place among the revisions: what was believed before them ends
-- there, and they end where the next belief began.
-- params: load_id, known_from
-- returns: inserted
WITH late AS (
    SELECT s.*, next.at AS known_to, believed.same
    FROM pg_temp.verdict AS v
    JOIN pg_temp.stage_rate AS s USING (row_no)
    CROSS JOIN LATERAL (
        SELECT min(k.at) AS at
        FROM (
            SELECT unnest(ARRAY[r.known_from, r.known_to]) FROM warehouse.fact_fx_rate_revision AS r
            WHERE (r.source_id, r.base, r.quote, r.rate_date) = (s.source_id, s.base, s.quote, s.rate_date)
            UNION ALL
            SELECT f.known_from FROM warehouse.fact_fx_rate AS f
            WHERE (f.source_id, f.base, f.quote, f.rate_date) = (s.source_id, s.base, s.quote, s.rate_date)
        ) AS k (at)
        WHERE k.at > %(known_from)s
    ) AS next
    LEFT JOIN LATERAL (
        SELECT r.known_from, r.rate = s.rate AS same
        FROM warehouse.fact_fx_rate_revision AS r
        WHERE (r.source_id, r.base, r.quote, r.rate_date) = (s.source_id, s.base, s.quote, s.rate_date)
            AND r.known_from <= %(known_from)s AND %(known_from)s < r.known_to
    ) AS believed ON true
    WHERE v.verdict = 'late' AND (believed.same AND believed.known_from = %(known_from)s) IS NOT TRUE
),
ended AS (
    UPDATE warehouse.fact_fx_rate_revision AS r
    SET known_to = %(known_from)s
    FROM late AS s
    WHERE (r.source_id, r.base, r.quote, r.rate_date) = (s.source_id, s.base, s.quote, s.rate_date)
        AND r.known_from <= %(known_from)s AND %(known_from)s < r.known_to
),
put AS (
    INSERT INTO warehouse.fact_fx_rate_revision
    SELECT source_id, base, quote, rate_date, rate, %(load_id)s, %(known_from)s, known_to, %(load_id)s
    FROM late
)
SELECT count(*) FILTER (WHERE same IS NOT TRUE) FROM late
