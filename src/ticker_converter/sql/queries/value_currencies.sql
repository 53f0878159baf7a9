-- The currencies that positions are in: of the listings, and of amounts of money (CASH:USD).
-- params: symbols
-- returns: currency
SELECT DISTINCT coalesce(i.currency, u.currency) AS currency
FROM unnest(%(symbols)s::text[]) AS p (symbol)
LEFT JOIN mart.instrument AS i ON i.symbol = p.symbol
LEFT JOIN mart.price_unit AS u ON p.symbol LIKE 'CASH:%%' AND u.unit = substr(p.symbol, 6)
WHERE coalesce(i.currency, u.currency) IS NOT NULL
ORDER BY 1
