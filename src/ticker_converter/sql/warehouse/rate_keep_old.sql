-- Close the rates that are about to be replaced: they were believed until this load.
-- params: load_id, known_from
-- returns: none
INSERT INTO warehouse.fact_fx_rate_revision
SELECT f.*, %(known_from)s, %(load_id)s
FROM pg_temp.verdict AS v
JOIN pg_temp.stage_rate AS s USING (row_no)
JOIN warehouse.fact_fx_rate AS f USING (source_id, base, quote, rate_date)
WHERE v.verdict IN ('revised', 'adopted')
