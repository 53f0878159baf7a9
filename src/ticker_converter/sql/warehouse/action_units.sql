-- Dividends that state no unit are in the instrument's unit of their ex-date.
-- params: none
-- returns: none
UPDATE pg_temp.stage_action AS s
SET unit_id = u.unit_id
FROM warehouse.instrument_unit AS u
WHERE s.unit_id IS NULL AND s.kind = 'dividend' AND u.instrument_id = s.instrument_id
    AND s.ex_date BETWEEN u.valid_from AND u.valid_to AND NOT coalesce(s.detail ? 'unit', false)
