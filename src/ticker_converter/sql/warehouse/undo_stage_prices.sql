-- Stage the keys of the bars that a run brought and that still stand; its outranked bars go at once.
-- params: run_id
-- returns: none
WITH outranked AS (
    DELETE FROM warehouse.fact_price_outranked AS o
    USING landing.load AS l
    WHERE l.load_id = o.load_id AND l.run_id = %(run_id)s
)
INSERT INTO pg_temp.stage_price (row_no, instrument_id, session, basis)
SELECT row_number() OVER (), f.instrument_id, f.session, f.basis
FROM landing.load AS l
JOIN warehouse.fact_price AS f USING (load_id)
WHERE l.run_id = %(run_id)s
