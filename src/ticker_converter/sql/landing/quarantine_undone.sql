-- Rows held from a run that was taken back wait for nobody, and an answer to one is no answer to the same row another day:
-- its key is free for it.
-- params: none
-- returns: none
UPDATE landing.quarantine AS q
SET state = 'superseded', decided_at = clock_timestamp(), decision_reason = 'the run was taken back',
    row_key = q.row_key || ':' || q.quarantine_id
WHERE q.state IN ('held', 'accepted', 'rescaled') AND landing.held_for_dead(
    q.load_id, q.kind, q.instrument_id, q.day, q.source_id)
