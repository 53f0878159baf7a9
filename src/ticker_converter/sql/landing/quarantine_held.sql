-- One held row, or all held rows like it (same reason, symbol and provider, and the same change of unit).
-- params: id, all_like
-- returns: quarantine_id, kind, source_id, reasons
SELECT q.quarantine_id, q.kind, q.source_id, ARRAY(SELECT jsonb_object_keys(q.evidence - 'row'))
FROM landing.quarantine AS q
WHERE q.state = 'held' AND (
    q.quarantine_id = %(id)s
    OR %(all_like)s AND q.group_key = (SELECT o.group_key FROM landing.quarantine AS o WHERE o.quarantine_id = %(id)s))
ORDER BY q.quarantine_id
FOR UPDATE
