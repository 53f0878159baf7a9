-- Closes of one session that two providers state more than 0.1 percent apart, and more than one unit of the last digit
-- (the second after the point at least) that both give; the current one and each other provider's last word, a shadow's too.
-- params: none
-- returns: subject, day, evidence
SELECT i.symbol || ' ' || s.source || ' ' || c.source, f.session, jsonb_build_object(
    s.source, f.close, c.source, o.close, 'gap_percent', round(100 * abs(f.close / o.close - 1), 4))
FROM warehouse.fact_price_outranked AS o
JOIN warehouse.fact_price AS f USING (instrument_id, session)
JOIN warehouse.dim_instrument AS i USING (instrument_id)
JOIN warehouse.dim_source AS s ON s.source_id = f.source_id
JOIN warehouse.dim_source AS c ON c.source_id = o.source_id
WHERE o.source_id <> f.source_id AND o.unit_id = f.unit_id AND o.basis = f.basis AND o.close > 0
    AND abs(f.close / o.close - 1) > 0.001
    AND abs(f.close - o.close) > power(10::numeric, -greatest(2, least(scale(f.close), scale(o.close))))
