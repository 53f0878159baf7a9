-- Stop fetching an instrument.
-- params: instrument_id
-- returns: none
UPDATE warehouse.dim_instrument SET watched = false WHERE instrument_id = %(instrument_id)s
