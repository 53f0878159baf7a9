-- Bars held for no other reason than their unit, which is the instrument's unit now; locked.
-- params: instrument_id
-- returns: quarantine_id, kind, source_id, reasons
SELECT q.quarantine_id, q.kind, q.source_id, ARRAY(SELECT jsonb_object_keys(q.evidence - 'row'))
FROM landing.quarantine AS q
JOIN warehouse.instrument_unit AS u
    ON u.instrument_id = q.instrument_id AND q.day BETWEEN u.valid_from AND u.valid_to
JOIN warehouse.dim_price_unit AS p ON p.unit_id = u.unit_id AND p.unit = q.content ->> 'unit'
WHERE q.state = 'held' AND q.kind = 'price' AND q.instrument_id = %(instrument_id)s
    AND q.evidence - 'row' - 'unit_mismatch' = '{}'
ORDER BY q.quarantine_id
FOR UPDATE OF q
