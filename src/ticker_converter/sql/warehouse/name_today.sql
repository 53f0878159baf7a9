-- What each provider calls an instrument today, where that was recorded, and until when it was listed.
-- params: none
-- returns: symbol, listed_to, names
SELECT i.symbol, i.listed_to, jsonb_object_agg(s.provider, s.symbol) FILTER (WHERE s.provider IS NOT NULL)
FROM warehouse.dim_instrument AS i
LEFT JOIN warehouse.instrument_symbol AS s
    ON s.instrument_id = i.instrument_id AND s.provider <> 'files' AND current_date BETWEEN s.valid_from AND s.valid_to
WHERE i.listed_to IS NOT NULL OR s.provider IS NOT NULL
GROUP BY i.symbol, i.listed_to
