-- Store the rates of days that had none.
-- params: load_id, known_from
-- returns: none
INSERT INTO warehouse.fact_fx_rate (source_id, base, quote, rate_date, rate, load_id, known_from)
SELECT s.source_id, s.base, s.quote, s.rate_date, s.rate, %(load_id)s, %(known_from)s
FROM pg_temp.verdict AS v
JOIN pg_temp.stage_rate AS s USING (row_no)
WHERE v.verdict = 'inserted'
ORDER BY s.source_id, s.base, s.quote, s.rate_date
