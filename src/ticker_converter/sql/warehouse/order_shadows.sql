-- Which providers are fetched beside the first, to be compared.
-- params: instrument_id, shadows
-- returns: none
UPDATE warehouse.dim_instrument SET shadows = %(shadows)s::text[] WHERE instrument_id = %(instrument_id)s
