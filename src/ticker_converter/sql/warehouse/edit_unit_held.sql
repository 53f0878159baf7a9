-- Bars held for a jump alone, of a file that stated the instrument's former unit or none, are read in the new one too.
-- params: instrument_id, unit, valid_from
-- returns: none
UPDATE landing.quarantine AS q
SET content = x.content, row_key = x.row_key
FROM (
    SELECT h.quarantine_id, c.content, landing.row_key('price', h.source_id, c.content) AS row_key
    FROM landing.quarantine AS h
    CROSS JOIN LATERAL (SELECT jsonb_set(h.content, '{unit}', to_jsonb(%(unit)s::text)) AS content) AS c
    WHERE h.state = 'held' AND h.kind = 'price' AND h.instrument_id = %(instrument_id)s
        AND h.day >= coalesce(%(valid_from)s::date, '-infinity') AND h.evidence - 'row' - 'unit_jump' = '{}'
) AS x
WHERE x.quarantine_id = q.quarantine_id
    AND NOT EXISTS (SELECT FROM landing.quarantine AS o WHERE o.row_key = x.row_key)
