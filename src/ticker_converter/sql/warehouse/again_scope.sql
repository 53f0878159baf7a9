-- Of which instruments and days of rates everything is told again: those of which the run has left a trace. From its first
-- load on; from the beginning where what stood then cannot be told any more, because something was ever held of it or two
-- providers spoke of it.
-- params: start
-- returns: none
WITH mine AS (
    SELECT array_agg(load_id) AS loads FROM pg_temp.again_load
),
touched AS (
    SELECT f.instrument_id FROM mine JOIN warehouse.fact_price AS f ON f.load_id = ANY (mine.loads)
    UNION
    SELECT r.instrument_id
    FROM mine
    JOIN warehouse.fact_price_revision AS r ON r.load_id = ANY (mine.loads) OR r.closed_by = ANY (mine.loads)
    UNION
    SELECT o.instrument_id FROM mine JOIN warehouse.fact_price_outranked AS o ON o.load_id = ANY (mine.loads)
    UNION
    SELECT f.instrument_id FROM mine JOIN warehouse.fact_corporate_action AS f ON f.load_id = ANY (mine.loads)
    UNION
    SELECT r.instrument_id
    FROM mine
    JOIN warehouse.fact_corporate_action_revision AS r ON r.load_id = ANY (mine.loads) OR r.closed_by = ANY (mine.loads)
    UNION
    SELECT q.instrument_id
    FROM mine
    JOIN landing.quarantine AS q ON mine.loads && ARRAY[q.load_id, q.closed_by, q.origin]
    WHERE q.instrument_id IS NOT NULL
),
sourced AS (
    SELECT f.instrument_id, f.source_id FROM touched JOIN warehouse.fact_price AS f USING (instrument_id)
    UNION
    SELECT r.instrument_id, r.source_id FROM touched JOIN warehouse.fact_price_revision AS r USING (instrument_id)
),
several AS (
    SELECT instrument_id FROM sourced GROUP BY instrument_id HAVING count(*) > 1
    UNION
    SELECT o.instrument_id FROM touched JOIN warehouse.fact_price_outranked AS o USING (instrument_id)
    UNION
    SELECT q.instrument_id FROM touched JOIN landing.quarantine AS q USING (instrument_id)
),
instruments AS (
    INSERT INTO pg_temp.again_instrument
    SELECT t.instrument_id, CASE WHEN s.instrument_id IS NULL THEN %(start)s ELSE 0 END
    FROM touched AS t
    LEFT JOIN several AS s USING (instrument_id)
)
INSERT INTO pg_temp.again_day
SELECT d.source_id, d.rate_date, CASE WHEN EXISTS (
    SELECT FROM landing.quarantine AS q
    WHERE q.kind = 'rate' AND q.source_id = d.source_id AND q.day = d.rate_date) THEN 0 ELSE %(start)s END
FROM (
    SELECT f.source_id, f.rate_date FROM mine JOIN warehouse.fact_fx_rate AS f ON f.load_id = ANY (mine.loads)
    UNION
    SELECT r.source_id, r.rate_date
    FROM mine
    JOIN warehouse.fact_fx_rate_revision AS r ON r.load_id = ANY (mine.loads) OR r.closed_by = ANY (mine.loads)
    UNION
    SELECT q.source_id, q.day
    FROM mine
    JOIN landing.quarantine AS q ON mine.loads && ARRAY[q.load_id, q.closed_by]
    WHERE q.kind = 'rate' AND q.day IS NOT NULL
) AS d
