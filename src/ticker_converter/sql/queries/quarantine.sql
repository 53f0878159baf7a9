-- Rows that were held back; a parameter that is null does not narrow.
-- params: id, state, symbol, reason, run_id
-- returns: id, symbol, date, reason, evidence, payload, run_id, state, kind, source, factor, decided_at, decided_by, decision_reason
SELECT q.quarantine_id AS id, q.symbol, q.day AS date, q.reason,
    q.evidence || jsonb_build_object('content', q.content) AS evidence, q.payload_id AS payload, q.run_id, q.state, q.kind,
    q.source, q.factor, q.decided_at, q.decided_by, q.decision_reason
FROM mart.quarantine AS q
WHERE (%(id)s::integer IS NULL OR q.quarantine_id = %(id)s)
    AND (%(state)s::text IS NULL OR q.state = %(state)s)
    AND (%(symbol)s::text IS NULL OR q.symbol = %(symbol)s)
    AND (%(reason)s::text IS NULL OR q.reason = %(reason)s)
    AND (%(run_id)s::integer IS NULL OR q.run_id = %(run_id)s)
ORDER BY q.quarantine_id
