-- The instrument that a provider (files: the canonical spelling) called so on a day, by the names that were recorded.
-- params: symbol, provider, day
-- returns: instrument_id
SELECT s.instrument_id
FROM warehouse.instrument_symbol AS s
WHERE s.provider = %(provider)s AND s.symbol = %(symbol)s
    AND %(day)s::date BETWEEN s.valid_from AND s.valid_to
