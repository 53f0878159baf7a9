-- Say on which day an instrument was traded last.
-- params: instrument_id, day
-- returns: none
UPDATE warehouse.dim_instrument SET listed_to = %(day)s WHERE instrument_id = %(instrument_id)s
