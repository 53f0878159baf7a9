-- Which other instrument a provider calls so within a span of days.
-- params: instrument_id, provider, symbol, valid_from, valid_to
-- returns: symbol
SELECT i.symbol
FROM warehouse.instrument_symbol AS s
JOIN warehouse.dim_instrument AS i USING (instrument_id)
WHERE s.provider = %(provider)s AND s.symbol = %(symbol)s AND s.instrument_id <> %(instrument_id)s
    AND s.valid_from <= coalesce(%(valid_to)s::date, 'infinity')
    AND s.valid_to >= coalesce(%(valid_from)s::date, '-infinity')
LIMIT 1
