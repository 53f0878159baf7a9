-- Bars held for no other reason than that their day was no session of an exchange.
-- params: mic, day
-- returns: quarantine_id, kind, source_id, reasons
SELECT q.quarantine_id, q.kind, q.source_id, ARRAY(SELECT jsonb_object_keys(q.evidence - 'row'))
FROM landing.quarantine AS q
JOIN warehouse.dim_instrument AS i USING (instrument_id)
WHERE q.state = 'held' AND q.kind = 'price' AND i.mic = %(mic)s AND q.day = %(day)s
    AND q.evidence - 'row' - 'not_a_session' = '{}'
ORDER BY q.quarantine_id
FOR UPDATE OF q
