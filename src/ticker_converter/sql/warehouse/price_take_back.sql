-- Take the staged keys' current bars away: they are closed as revisions, and what pg_temp.put_back holds for the key stands
-- again. Where nothing was, nothing is. `origins` and `loads`: from load_again.
-- params: load_id, known_from, origins, loads
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
put AS (
    UPDATE warehouse.fact_price AS f
    SET load_id = a.load_id, source_id = b.source_id, unit_id = b.unit_id, basis = b.basis, open = b.open,
        high = b.high, low = b.low, close = b.close, volume = b.volume
    FROM pg_temp.put_back AS b
    JOIN unnest(%(origins)s::integer[], %(loads)s::integer[]) AS a (origin, load_id) ON a.origin = b.load_id
    WHERE f.instrument_id = b.instrument_id AND f.session = b.session
    RETURNING 1
),
moved AS (
    DELETE FROM warehouse.fact_price_outranked AS o
    USING pg_temp.put_back AS b
    WHERE (o.instrument_id, o.session, o.source_id, o.basis) = (b.instrument_id, b.session, b.source_id, b.basis)
),
gone AS (
    DELETE FROM warehouse.fact_price AS f
    USING leaving AS l
    WHERE f.instrument_id = l.instrument_id AND f.session = l.session
        AND NOT EXISTS (SELECT FROM pg_temp.put_back AS b WHERE b.instrument_id = l.instrument_id AND b.session = l.session)
    RETURNING 1
)
SELECT (SELECT count(*) FROM put), (SELECT count(*) FROM gone)
