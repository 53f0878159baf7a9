-- Put the new rates in the place of those just closed.
-- params: load_id, known_from
-- returns: none
UPDATE warehouse.fact_fx_rate AS f
SET rate = s.rate, load_id = %(load_id)s, known_from = %(known_from)s
FROM pg_temp.verdict AS v
JOIN pg_temp.stage_rate AS s USING (row_no)
WHERE v.verdict IN ('revised', 'adopted') AND f.source_id = s.source_id AND f.base = s.base AND f.quote = s.quote
    AND f.rate_date = s.rate_date
