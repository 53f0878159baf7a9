-- Insert rates known before what is stored into their place among the revisions.
-- params: load_id, known_from
-- returns: inserted
WITH late AS (
    SELECT s.*, (
        SELECT min(k.known_from)
        FROM (
            SELECT r.known_from FROM warehouse.fact_fx_rate_revision AS r
            WHERE (r.source_id, r.base, r.quote, r.rate_date) = (s.source_id, s.base, s.quote, s.rate_date)
            UNION ALL
            SELECT f.known_from FROM warehouse.fact_fx_rate AS f
            WHERE (f.source_id, f.base, f.quote, f.rate_date) = (s.source_id, s.base, s.quote, s.rate_date)
        ) AS k
        WHERE k.known_from > %(known_from)s) AS known_to
    FROM pg_temp.verdict AS v
    JOIN pg_temp.stage_rate AS s USING (row_no)
    WHERE v.verdict = 'late' AND NOT EXISTS (
        SELECT FROM warehouse.fact_fx_rate_revision AS r
        WHERE (r.source_id, r.base, r.quote, r.rate_date) = (s.source_id, s.base, s.quote, s.rate_date)
            AND r.known_from <= %(known_from)s AND %(known_from)s < r.known_to AND r.rate = s.rate)
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
    RETURNING 1
)
SELECT count(*) FROM put
