-- Another order of providers: from a session on (the orders before it stay), or, without one, for all sessions.
-- params: instrument_id, providers, valid_from
-- returns: none
WITH gone AS (
    DELETE FROM warehouse.provider_order
    WHERE instrument_id = %(instrument_id)s
        AND (%(valid_from)s::date IS NULL OR valid_from > %(valid_from)s::date)
),
before AS (
    INSERT INTO warehouse.provider_order (instrument_id, valid_from, providers)
    SELECT i.instrument_id, '-infinity', i.providers
    FROM warehouse.dim_instrument AS i
    WHERE i.instrument_id = %(instrument_id)s AND %(valid_from)s::date IS NOT NULL
        AND NOT EXISTS (SELECT FROM warehouse.provider_order AS o WHERE o.instrument_id = i.instrument_id)
),
added AS (
    INSERT INTO warehouse.provider_order (instrument_id, valid_from, providers)
    SELECT %(instrument_id)s, %(valid_from)s::date, %(providers)s::text[]
    WHERE %(valid_from)s::date IS NOT NULL
    ON CONFLICT (instrument_id, valid_from) DO UPDATE SET providers = excluded.providers
)
UPDATE warehouse.dim_instrument SET providers = %(providers)s::text[] WHERE instrument_id = %(instrument_id)s
