-- Rows held from a run that was taken back wait for nobody.
-- params: run_id
-- returns: none
UPDATE landing.quarantine AS q
SET state = 'superseded', decided_at = clock_timestamp(), decision_reason = 'the run was taken back'
FROM landing.load AS l
WHERE l.load_id = q.load_id AND l.run_id = %(run_id)s AND q.state = 'held'
