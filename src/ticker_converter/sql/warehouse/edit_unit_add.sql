-- The unit from a day on (null: always).
-- params: instrument_id, unit, valid_from
-- returns: none
INSERT INTO warehouse.instrument_unit (instrument_id, valid_from, unit_id)
SELECT %(instrument_id)s, coalesce(%(valid_from)s::date, '-infinity'), unit_id
FROM warehouse.dim_price_unit WHERE unit = %(unit)s
