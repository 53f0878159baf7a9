-- Close a run with its report, and let its lock go.
-- params: run_id, state, report, message, lock
-- returns: none
UPDATE landing.run
SET finished_at = clock_timestamp(), state = %(state)s, report = %(report)s, message = %(message)s
WHERE run_id = %(run_id)s
RETURNING pg_advisory_unlock(%(lock)s, run_id)
