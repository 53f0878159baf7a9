-- The list, by symbol.
-- params: watched_only
-- returns: instrument_id, symbol, mic, providers, watched, unit_id, unit
SELECT i.instrument_id, i.symbol, i.mic, i.providers, i.watched, u.unit_id, u.unit
FROM warehouse.dim_instrument AS i
LEFT JOIN LATERAL (
    SELECT CASE WHEN count(*) = 1 THEN min(iu.unit_id) END AS unit_id,
        (array_agg(p.unit ORDER BY iu.valid_from DESC))[1] AS unit
    FROM warehouse.instrument_unit AS iu
    JOIN warehouse.dim_price_unit AS p USING (unit_id)
    WHERE iu.instrument_id = i.instrument_id
) AS u ON true
WHERE i.watched OR NOT %(watched_only)s
ORDER BY i.symbol
