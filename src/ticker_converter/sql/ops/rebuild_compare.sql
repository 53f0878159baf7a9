-- How many rows of each table are not as they were: made now and not there before, there before and not made now.
-- params: none
-- returns: table, new, gone
SELECT 'landing.load', (SELECT count(*) FROM (TABLE landing.load EXCEPT ALL TABLE pg_temp.kept_load) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_load EXCEPT ALL TABLE landing.load) AS x)
UNION ALL SELECT 'landing.quarantine', (SELECT count(*) FROM (TABLE landing.quarantine EXCEPT ALL TABLE pg_temp.kept_quarantine) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_quarantine EXCEPT ALL TABLE landing.quarantine) AS x)
UNION ALL SELECT 'landing.finding', (SELECT count(*) FROM (TABLE landing.finding EXCEPT ALL TABLE pg_temp.kept_finding) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_finding EXCEPT ALL TABLE landing.finding) AS x)
UNION ALL SELECT 'warehouse.fact_price', (SELECT count(*) FROM (TABLE warehouse.fact_price EXCEPT ALL TABLE pg_temp.kept_price) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_price EXCEPT ALL TABLE warehouse.fact_price) AS x)
UNION ALL SELECT 'warehouse.fact_price_revision', (SELECT count(*) FROM (TABLE warehouse.fact_price_revision EXCEPT ALL TABLE pg_temp.kept_price_revision) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_price_revision EXCEPT ALL TABLE warehouse.fact_price_revision) AS x)
UNION ALL SELECT 'warehouse.fact_price_outranked', (SELECT count(*) FROM (TABLE warehouse.fact_price_outranked EXCEPT ALL TABLE pg_temp.kept_price_outranked) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_price_outranked EXCEPT ALL TABLE warehouse.fact_price_outranked) AS x)
UNION ALL SELECT 'warehouse.fact_fx_rate', (SELECT count(*) FROM (TABLE warehouse.fact_fx_rate EXCEPT ALL TABLE pg_temp.kept_rate) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_rate EXCEPT ALL TABLE warehouse.fact_fx_rate) AS x)
UNION ALL SELECT 'warehouse.fact_fx_rate_revision', (SELECT count(*) FROM (TABLE warehouse.fact_fx_rate_revision EXCEPT ALL TABLE pg_temp.kept_rate_revision) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_rate_revision EXCEPT ALL TABLE warehouse.fact_fx_rate_revision) AS x)
UNION ALL SELECT 'warehouse.fact_corporate_action', (SELECT count(*) FROM (TABLE warehouse.fact_corporate_action EXCEPT ALL TABLE pg_temp.kept_action) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_action EXCEPT ALL TABLE warehouse.fact_corporate_action) AS x)
UNION ALL SELECT 'warehouse.fact_corporate_action_revision', (SELECT count(*) FROM (TABLE warehouse.fact_corporate_action_revision EXCEPT ALL TABLE pg_temp.kept_action_revision) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_action_revision EXCEPT ALL TABLE warehouse.fact_corporate_action_revision) AS x)
UNION ALL SELECT 'warehouse.coverage', (SELECT count(*) FROM (TABLE warehouse.coverage EXCEPT ALL TABLE pg_temp.kept_coverage) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_coverage EXCEPT ALL TABLE warehouse.coverage) AS x)
UNION ALL SELECT 'warehouse.dim_instrument', (SELECT count(*) FROM (TABLE warehouse.dim_instrument EXCEPT ALL TABLE pg_temp.kept_instrument) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_instrument EXCEPT ALL TABLE warehouse.dim_instrument) AS x)
UNION ALL SELECT 'warehouse.instrument_unit', (SELECT count(*) FROM (TABLE warehouse.instrument_unit EXCEPT ALL TABLE pg_temp.kept_unit) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_unit EXCEPT ALL TABLE warehouse.instrument_unit) AS x)
UNION ALL SELECT 'warehouse.provider_order', (SELECT count(*) FROM (TABLE warehouse.provider_order EXCEPT ALL TABLE pg_temp.kept_order) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_order EXCEPT ALL TABLE warehouse.provider_order) AS x)
UNION ALL SELECT 'warehouse.dim_date', (SELECT count(*) FROM (TABLE warehouse.dim_date EXCEPT ALL TABLE pg_temp.kept_session) AS x),
    (SELECT count(*) FROM (TABLE pg_temp.kept_session EXCEPT ALL TABLE warehouse.dim_date) AS x)
UNION ALL SELECT 'landing.run', count(*) FILTER (WHERE r.undone_by IS DISTINCT FROM k.undone_by), 0
FROM landing.run AS r
LEFT JOIN pg_temp.kept_undone AS k USING (run_id)
