-- One run with what it was asked for and its report.
-- params: run_id
-- returns: run_id, command, arguments, state, started_at, finished_at, report, message
SELECT run_id, command, arguments, state, started_at, finished_at, report, message
FROM mart.run
WHERE run_id = %(run_id)s
