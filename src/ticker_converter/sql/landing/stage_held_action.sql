-- Stage quarantined actions again.
-- params: ids, factor
-- returns: none
INSERT INTO pg_temp.stage_action (
    row_no, instrument_id, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis
)
SELECT q.quarantine_id, q.instrument_id, q.content ->> 'kind', q.day, coalesce(q.content ->> 'type', ''),
    coalesce((q.content ->> 'pay_date')::date, 'infinity'),
    CASE WHEN q.content ->> 'kind' <> 'dividend' THEN split_part(q.content ->> 'value', '/', 1)::numeric * %(factor)s END,
    CASE WHEN q.content ->> 'kind' <> 'dividend' THEN split_part(q.content ->> 'value', '/', 2)::numeric END,
    CASE WHEN q.content ->> 'kind' = 'dividend' THEN (q.content ->> 'value')::numeric * %(factor)s END,
    u.unit_id, (q.content ->> 'basis')::"char"
FROM landing.quarantine AS q
LEFT JOIN warehouse.dim_price_unit AS u ON u.unit = q.content ->> 'unit'
WHERE q.quarantine_id = ANY (%(ids)s)
