-- Put an instrument on the list with its unit, or watch it again; new words replace missing ones only, but the order of
-- providers is the one given, unless a cut-over has set it.
-- params: symbol, mic, name, kind, providers, unit
-- returns: none
WITH made AS (
    INSERT INTO warehouse.dim_instrument AS i (symbol, mic, name, kind, providers)
    VALUES (%(symbol)s, %(mic)s, %(name)s, %(kind)s, %(providers)s)
    ON CONFLICT (symbol) DO UPDATE
    SET watched = true, mic = coalesce(i.mic, excluded.mic), name = coalesce(excluded.name, i.name),
        providers = CASE WHEN EXISTS (
                SELECT FROM warehouse.provider_order AS o WHERE o.instrument_id = i.instrument_id)
            THEN i.providers ELSE excluded.providers END
    RETURNING instrument_id
)
INSERT INTO warehouse.instrument_unit (instrument_id, unit_id)
SELECT m.instrument_id, u.unit_id
FROM made AS m
JOIN warehouse.dim_price_unit AS u ON u.unit = %(unit)s
WHERE NOT EXISTS (SELECT FROM warehouse.instrument_unit AS x WHERE x.instrument_id = m.instrument_id)
