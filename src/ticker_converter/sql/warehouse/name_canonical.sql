-- Give an instrument another canonical symbol.
-- params: instrument_id, symbol
-- returns: none
UPDATE warehouse.dim_instrument SET symbol = %(symbol)s WHERE instrument_id = %(instrument_id)s
