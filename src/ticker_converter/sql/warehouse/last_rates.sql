-- The last day of which each source's rates are stored.
-- params: none
-- returns: source, rate_date
SELECT s.source, max(r.rate_date)
FROM warehouse.fact_fx_rate AS r
JOIN warehouse.dim_source AS s USING (source_id)
GROUP BY s.source
