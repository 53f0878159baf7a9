-- Loads of last words of which nothing stands on their day though their provider is in the order that holds for it: it was
-- a shadow when it spoke.
-- params: instrument_id
-- returns: load_id
SELECT DISTINCT o.load_id
FROM warehouse.fact_price_outranked AS o
JOIN warehouse.dim_source AS c USING (source_id)
WHERE o.instrument_id = %(instrument_id)s
    AND warehouse.price_rank(o.instrument_id, o.source_id, o.basis, o.session) %% 100000 < 10000
    AND NOT EXISTS (
        SELECT FROM warehouse.fact_price AS f WHERE f.instrument_id = o.instrument_id AND f.session = o.session)
