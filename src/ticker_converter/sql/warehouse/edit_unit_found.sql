-- The loads whose bars change their unit.
-- params: instrument_id, unit, valid_from
-- returns: load_id
SELECT DISTINCT f.load_id
FROM warehouse.fact_price AS f
JOIN warehouse.dim_price_unit AS u USING (unit_id)
WHERE f.instrument_id = %(instrument_id)s AND f.session >= coalesce(%(valid_from)s::date, '-infinity')
    AND u.unit <> %(unit)s
