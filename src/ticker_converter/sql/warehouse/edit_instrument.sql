-- Mend an instrument's exchange, name or order of providers; what is null stays.
-- params: instrument_id, mic, name, providers
-- returns: none
UPDATE warehouse.dim_instrument
SET mic = coalesce(%(mic)s, mic), name = coalesce(%(name)s, name),
    providers = coalesce(%(providers)s::text[], providers)
WHERE instrument_id = %(instrument_id)s
