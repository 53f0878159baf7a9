-- Rows that a run now taken back had superseded wait again; those of a run that is itself taken back do not.
-- params: none
-- returns: none
UPDATE landing.quarantine AS q
SET state = 'held', decided_at = NULL, closed_by = NULL
WHERE q.state = 'superseded' AND q.decision_reason IS NULL
    AND EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = q.closed_by)
