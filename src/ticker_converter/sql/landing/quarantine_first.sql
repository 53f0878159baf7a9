-- Bars held for a jump before which nothing is stored of their instrument: they are no later side of anything.
-- params: instruments
-- returns: quarantine_id, kind, source_id, reasons
SELECT DISTINCT ON (q.instrument_id) q.quarantine_id, q.kind, q.source_id, ARRAY['unit_jump']
FROM landing.quarantine AS q
WHERE q.state = 'held' AND q.kind = 'price' AND q.evidence - 'row' - 'unit_jump' = '{}'
    AND (%(instruments)s::integer[] IS NULL OR q.instrument_id = ANY (%(instruments)s::integer[]))
    AND NOT EXISTS (
        SELECT FROM warehouse.fact_price AS f WHERE f.instrument_id = q.instrument_id AND f.session < q.day)
    AND NOT EXISTS (
        SELECT FROM landing.quarantine AS o
        WHERE o.instrument_id = q.instrument_id AND o.day < q.day AND o.state IN ('held', 'rejected')
            AND o.reason = 'unit_jump')
ORDER BY q.instrument_id, q.day, q.quarantine_id
