-- Close a run with its report.
-- params: run_id, state, report, message
-- returns: none
UPDATE landing.run
SET finished_at = clock_timestamp(), state = %(state)s, report = %(report)s, message = %(message)s
WHERE run_id = %(run_id)s
