-- The instrument of a number, or else of a canonical symbol.
-- params: symbol, instrument_id
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
WHERE CASE WHEN %(instrument_id)s::integer IS NULL THEN i.symbol = %(symbol)s
    ELSE i.instrument_id = %(instrument_id)s::integer END
