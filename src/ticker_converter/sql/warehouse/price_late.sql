-- Insert bars known before what is stored into their place among the revisions: what was believed before them ends
-- there, and they end where the next belief began. A bar that another one outranked then changes nothing.
-- params: source_id, load_id, known_from
-- returns: inserted
WITH late AS (
    SELECT s.*, next.at AS known_to, believed.same
    FROM pg_temp.verdict AS v
    JOIN pg_temp.stage_price AS s USING (row_no)
    CROSS JOIN LATERAL (
        SELECT min(k.at) AS at
        FROM (
            SELECT unnest(ARRAY[r.known_from, r.known_to]) FROM warehouse.fact_price_revision AS r
            WHERE r.instrument_id = s.instrument_id AND r.session = s.session
            UNION ALL
            SELECT l.known_from FROM warehouse.fact_price AS f
            JOIN landing.load AS l USING (load_id)
            WHERE f.instrument_id = s.instrument_id AND f.session = s.session
        ) AS k (at)
        WHERE k.at > %(known_from)s
    ) AS next
    LEFT JOIN LATERAL (
        SELECT r.known_from, (r.open, r.high, r.low, r.close, r.volume, r.unit_id, r.basis)
                IS NOT DISTINCT FROM (s.open, s.high, s.low, s.close, s.volume, s.unit_id, s.basis) AS same,
            warehouse.price_rank(s.instrument_id, %(source_id)s::smallint, s.basis, s.session)
                > warehouse.price_rank(r.instrument_id, r.source_id, r.basis, r.session) AS outranked
        FROM warehouse.fact_price_revision AS r
        WHERE r.instrument_id = s.instrument_id AND r.session = s.session
            AND r.known_from <= %(known_from)s AND %(known_from)s < r.known_to
    ) AS believed ON true
    WHERE v.verdict = 'late' AND (believed.same AND believed.known_from = %(known_from)s) IS NOT TRUE
        AND believed.outranked IS NOT TRUE
),
ended AS (
    UPDATE warehouse.fact_price_revision AS r
    SET known_to = %(known_from)s
    FROM late AS s
    WHERE r.instrument_id = s.instrument_id AND r.session = s.session
        AND r.known_from <= %(known_from)s AND %(known_from)s < r.known_to
),
put AS (
    INSERT INTO warehouse.fact_price_revision
    SELECT instrument_id, session, %(load_id)s, %(source_id)s, unit_id, basis, open, high, low, close, volume,
        %(known_from)s, known_to, %(load_id)s
    FROM late
)
SELECT count(*) FILTER (WHERE same IS NOT TRUE) FROM late
