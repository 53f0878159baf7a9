-- Take back the rates that runs now taken back had brought and that still stand: what they had replaced stands again.
-- `origins` and `loads`: from load_again.
-- params: load_id, known_from, origins, loads
-- returns: restored, gone
WITH leaving AS (
    SELECT f.* FROM landing.dead_load AS d JOIN warehouse.fact_fx_rate AS f USING (load_id)
),
kept AS (
    INSERT INTO warehouse.fact_fx_rate_revision SELECT l.*, %(known_from)s, %(load_id)s FROM leaving AS l
),
best AS (
    SELECT DISTINCT ON (r.source_id, r.base, r.quote, r.rate_date) r.*
    FROM leaving AS l
    JOIN warehouse.fact_fx_rate_revision AS r USING (source_id, base, quote, rate_date)
    WHERE r.known_to <= l.known_from AND NOT EXISTS (SELECT FROM landing.dead_load AS o WHERE o.load_id = r.load_id)
    ORDER BY r.source_id, r.base, r.quote, r.rate_date, r.known_to DESC
),
put AS (
    UPDATE warehouse.fact_fx_rate AS f
    SET rate = b.rate, load_id = a.load_id, known_from = %(known_from)s
    FROM best AS b
    JOIN unnest(%(origins)s::integer[], %(loads)s::integer[]) AS a (origin, load_id) ON a.origin = b.load_id
    WHERE (f.source_id, f.base, f.quote, f.rate_date) = (b.source_id, b.base, b.quote, b.rate_date)
    RETURNING 1
),
gone AS (
    DELETE FROM warehouse.fact_fx_rate AS f
    USING leaving AS l
    WHERE (f.source_id, f.base, f.quote, f.rate_date) = (l.source_id, l.base, l.quote, l.rate_date)
        AND NOT EXISTS (
            SELECT FROM best AS b
            WHERE (b.source_id, b.base, b.quote, b.rate_date) = (l.source_id, l.base, l.quote, l.rate_date))
    RETURNING 1
)
SELECT (SELECT count(*) FROM put), (SELECT count(*) FROM gone)
