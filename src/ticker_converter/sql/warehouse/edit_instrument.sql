-- Mend an instrument's exchange or name; what is null stays.
-- params: instrument_id, mic, name
-- returns: none
UPDATE warehouse.dim_instrument
SET mic = coalesce(%(mic)s, mic), name = coalesce(%(name)s, name)
WHERE instrument_id = %(instrument_id)s
