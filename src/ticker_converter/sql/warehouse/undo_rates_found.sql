-- The loads whose rates stand again when those of runs now taken back are gone.
-- params: none
-- returns: load_id
SELECT DISTINCT b.load_id
FROM (
    SELECT DISTINCT ON (r.source_id, r.base, r.quote, r.rate_date) r.load_id
    FROM landing.dead_load AS d
    JOIN warehouse.fact_fx_rate AS f USING (load_id)
    JOIN warehouse.fact_fx_rate_revision AS r USING (source_id, base, quote, rate_date)
    WHERE r.known_to <= f.known_from AND NOT EXISTS (SELECT FROM landing.dead_load AS o WHERE o.load_id = r.load_id)
    ORDER BY r.source_id, r.base, r.quote, r.rate_date, r.known_to DESC
) AS b
