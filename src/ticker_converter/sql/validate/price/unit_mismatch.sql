-- Bars stated in another unit than the instrument has on that day.
-- params: none
-- returns: row_no, evidence
WITH odd AS (  -- few instruments and units: looked at first, so that a million rows in order cost one pass
    SELECT s.instrument_id, s.unit_id, s.unknown, u.valid_from, u.valid_to, u.unit_id AS own_id
    FROM (
        SELECT DISTINCT instrument_id, unit_id, detail ->> 'unit' AS unknown FROM pg_temp.suspect_price
    ) AS s
    JOIN warehouse.instrument_unit AS u USING (instrument_id)
    WHERE s.unit_id <> u.unit_id
)
SELECT s.row_no, jsonb_build_object('unit', coalesce(said.unit, o.unknown), 'instrument_unit', own.unit)
FROM odd AS o
JOIN pg_temp.suspect_price AS s
    ON s.instrument_id = o.instrument_id AND s.unit_id IS NOT DISTINCT FROM o.unit_id
    AND s.detail ->> 'unit' IS NOT DISTINCT FROM o.unknown AND s.session BETWEEN o.valid_from AND o.valid_to
JOIN warehouse.dim_price_unit AS own ON own.unit_id = o.own_id
LEFT JOIN warehouse.dim_price_unit AS said ON said.unit_id = o.unit_id
