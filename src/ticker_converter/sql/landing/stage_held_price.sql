-- Stage quarantined bars again, their prices multiplied by a factor; a rescaled bar is in the instrument's unit.
-- params: ids, factor
-- returns: none
INSERT INTO pg_temp.stage_price (row_no, instrument_id, session, unit_id, basis, open, high, low, close, volume)
SELECT q.quarantine_id, q.instrument_id, q.day,
    CASE WHEN %(factor)s::numeric = 1 THEN coalesce(u.unit_id, own.unit_id) ELSE own.unit_id END,
    (q.content ->> 'basis')::"char",
    (q.content ->> 'open')::numeric * %(factor)s, (q.content ->> 'high')::numeric * %(factor)s,
    (q.content ->> 'low')::numeric * %(factor)s, (q.content ->> 'close')::numeric * %(factor)s,
    (q.content ->> 'volume')::numeric
FROM landing.quarantine AS q
LEFT JOIN warehouse.dim_price_unit AS u ON u.unit = q.content ->> 'unit'
LEFT JOIN warehouse.instrument_unit AS own
    ON own.instrument_id = q.instrument_id AND q.day BETWEEN own.valid_from AND own.valid_to
WHERE q.quarantine_id = ANY (%(ids)s)
