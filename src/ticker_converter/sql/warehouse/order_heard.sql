-- The best of those last words stands from now on. `origins` and `loads`: from load_again.
-- params: instrument_id, origins, loads
-- returns: bars
WITH best AS (
    SELECT DISTINCT ON (o.session) o.*
    FROM warehouse.fact_price_outranked AS o
    WHERE o.instrument_id = %(instrument_id)s
        AND warehouse.price_rank(o.instrument_id, o.source_id, o.basis, o.session) %% 100000 < 10000
        AND NOT EXISTS (
            SELECT FROM warehouse.fact_price AS f WHERE f.instrument_id = o.instrument_id AND f.session = o.session)
    ORDER BY o.session, warehouse.price_rank(o.instrument_id, o.source_id, o.basis, o.session)
),
put AS (
    INSERT INTO warehouse.fact_price (
        instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
    )
    SELECT b.instrument_id, b.session, a.load_id, b.source_id, b.unit_id, b.basis, b.open, b.high, b.low, b.close, b.volume
    FROM best AS b
    JOIN unnest(%(origins)s::integer[], %(loads)s::integer[]) AS a (origin, load_id) ON a.origin = b.load_id
    RETURNING instrument_id, session
),
moved AS (
    DELETE FROM warehouse.fact_price_outranked AS o
    USING best AS b
    WHERE (o.instrument_id, o.session, o.source_id, o.basis) = (b.instrument_id, b.session, b.source_id, b.basis)
),
covered AS (
    INSERT INTO warehouse.coverage AS c (instrument_id, first_session, last_session, bars)
    SELECT p.instrument_id, min(p.session), max(p.session), count(*) FROM put AS p GROUP BY p.instrument_id
    ON CONFLICT (instrument_id) DO UPDATE
    SET first_session = least(c.first_session, excluded.first_session),
        last_session = greatest(c.last_session, excluded.last_session), bars = c.bars + excluded.bars
)
SELECT count(*) FROM put
