-- Bars stated in another unit than the instrument has on that day.
-- params: none
-- returns: row_no, evidence
SELECT s.row_no, jsonb_build_object(
    'unit', coalesce(said.unit, s.detail ->> 'unit'), 'instrument_unit', own.unit)
FROM pg_temp.stage_price AS s
JOIN warehouse.instrument_unit AS u
    ON u.instrument_id = s.instrument_id AND s.session BETWEEN u.valid_from AND u.valid_to
JOIN warehouse.dim_price_unit AS own ON own.unit_id = u.unit_id
LEFT JOIN warehouse.dim_price_unit AS said ON said.unit_id = s.unit_id
WHERE s.unit_id <> u.unit_id OR s.detail ? 'unit'
