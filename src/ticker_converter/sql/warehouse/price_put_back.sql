-- What takes the place of the staged keys' bars: the best of what else was said of the day, in the unit that the instrument
-- has by now.
-- params: none
-- returns: load_id
WITH leaving AS (
    SELECT f.instrument_id, f.session
    FROM (SELECT DISTINCT instrument_id, session FROM pg_temp.stage_price) AS s
    JOIN warehouse.fact_price AS f USING (instrument_id, session)
),
candidate AS (
    SELECT o.*
    FROM leaving AS l
    JOIN warehouse.fact_price_outranked AS o USING (instrument_id, session)
),
best AS (
    SELECT DISTINCT ON (c.instrument_id, c.session) c.*
    FROM candidate AS c
    ORDER BY c.instrument_id, c.session, warehouse.price_rank(c.instrument_id, c.source_id, c.basis, c.session)
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
