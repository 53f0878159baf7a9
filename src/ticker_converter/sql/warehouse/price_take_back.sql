-- Take the staged keys' current bars away: they are closed as revisions, and the best of what else was said stands again
-- (another provider's last word; with `restore`, also what the bar had replaced). Where nothing was, nothing is.
-- params: load_id, known_from, restore
-- returns: restored, gone
WITH leaving AS (
    SELECT f.*, l.known_from
    FROM (SELECT DISTINCT instrument_id, session FROM pg_temp.stage_price) AS s
    JOIN warehouse.fact_price AS f USING (instrument_id, session)
    JOIN landing.load AS l ON l.load_id = f.load_id
),
kept AS (
    INSERT INTO warehouse.fact_price_revision
    SELECT instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume, known_from,
        %(known_from)s, %(load_id)s
    FROM leaving
),
candidate AS (
    SELECT o.*, 'infinity'::timestamptz AS known_to
    FROM leaving AS l
    JOIN warehouse.fact_price_outranked AS o USING (instrument_id, session)
    UNION ALL
    SELECT r.instrument_id, r.session, r.load_id, r.source_id, r.unit_id, r.basis, r.open, r.high, r.low, r.close,
        r.volume, r.known_to
    FROM leaving AS l
    JOIN warehouse.fact_price_revision AS r USING (instrument_id, session)
    JOIN landing.load AS rl ON rl.load_id = r.load_id
    JOIN landing.run AS n ON n.run_id = rl.run_id
    JOIN warehouse.dim_source AS c ON c.source_id = r.source_id
    WHERE %(restore)s::boolean AND r.known_to <= l.known_from AND n.undone_by IS NULL AND c.source <> 'correction'
),
best AS (
    SELECT DISTINCT ON (c.instrument_id, c.session) c.*
    FROM candidate AS c
    ORDER BY c.instrument_id, c.session, warehouse.price_rank(c.instrument_id, c.source_id, c.basis), c.known_to DESC
),
put AS (
    UPDATE warehouse.fact_price AS f
    SET load_id = %(load_id)s, source_id = b.source_id, unit_id = b.unit_id, basis = b.basis, open = b.open,
        high = b.high, low = b.low, close = b.close, volume = b.volume
    FROM best AS b
    WHERE f.instrument_id = b.instrument_id AND f.session = b.session
    RETURNING 1
),
moved AS (
    DELETE FROM warehouse.fact_price_outranked AS o
    USING best AS b
    WHERE (o.instrument_id, o.session, o.source_id, o.basis) = (b.instrument_id, b.session, b.source_id, b.basis)
),
gone AS (
    DELETE FROM warehouse.fact_price AS f
    USING leaving AS l
    WHERE f.instrument_id = l.instrument_id AND f.session = l.session
        AND NOT EXISTS (SELECT FROM best AS b WHERE b.instrument_id = l.instrument_id AND b.session = l.session)
    RETURNING 1
)
SELECT (SELECT count(*) FROM put), (SELECT count(*) FROM gone)
