-- What takes the place of the staged keys' bars: the best of what else was said of the day, in the unit that the instrument
-- has by now. Another provider's last word; with `restore`, also what the bar had replaced, unless it is held back by now.
-- params: restore
-- returns: load_id
WITH leaving AS (
    SELECT f.instrument_id, f.session, l.known_from
    FROM (SELECT DISTINCT instrument_id, session FROM pg_temp.stage_price) AS s
    JOIN warehouse.fact_price AS f USING (instrument_id, session)
    JOIN landing.load AS l USING (load_id)
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
    JOIN warehouse.dim_source AS c USING (source_id)
    WHERE %(restore)s::boolean AND r.known_to <= l.known_from AND c.source <> 'correction'
        AND NOT EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = r.load_id)
        AND NOT EXISTS (
            SELECT FROM landing.quarantine AS q
            WHERE q.state = 'held' AND q.kind = 'price' AND q.instrument_id = r.instrument_id AND q.day = r.session
                AND q.source_id = r.source_id)
),
best AS (
    SELECT DISTINCT ON (c.instrument_id, c.session) c.*
    FROM candidate AS c
    ORDER BY c.instrument_id, c.session, warehouse.price_rank(c.instrument_id, c.source_id, c.basis, c.session), c.known_to DESC
),
put AS (
    INSERT INTO pg_temp.put_back
    SELECT b.instrument_id, b.session, b.load_id, b.source_id,
        CASE WHEN l.kind = 'decision' THEN b.unit_id ELSE coalesce(u.unit_id, b.unit_id) END, b.basis, b.open, b.high,
        b.low, b.close, b.volume
    FROM best AS b
    JOIN landing.load AS l USING (load_id)
    LEFT JOIN warehouse.instrument_unit AS u
        ON u.instrument_id = b.instrument_id AND b.session BETWEEN u.valid_from AND u.valid_to
    RETURNING load_id
)
SELECT DISTINCT put.load_id FROM put
