-- Open a run, and hold its lock as long as this connection lives; a run whose lock nobody holds was killed.
-- params: command, arguments, lock
-- returns: run_id
WITH killed AS (
    UPDATE landing.run
    SET state = 'failed', finished_at = clock_timestamp(), message = 'killed: the run ended without a word'
    WHERE state = 'running' AND pg_try_advisory_xact_lock(%(lock)s, run_id)
),
opened AS (
    INSERT INTO landing.run (command, arguments) VALUES (%(command)s, %(arguments)s) RETURNING run_id
)
SELECT run_id, pg_advisory_lock(%(lock)s, run_id) FROM opened
