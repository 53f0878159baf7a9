-- The last runs, the latest first.
-- params: number
-- returns: run_id, command, state, started_at, finished_at, message
SELECT run_id, command, state, started_at, finished_at, message FROM mart.run ORDER BY run_id DESC LIMIT %(number)s
