-- Write how a request ended; nothing is returned when another worker has taken it over.
-- params: request_id, worker, attempts, state, run_id, result, error, message
-- returns: request_id
UPDATE ops.request
SET state = %(state)s, run_id = coalesce(%(run_id)s, run_id), result = %(result)s, error = %(error)s,
    message = %(message)s, progress = NULL, lease_until = NULL, finished_at = clock_timestamp()
WHERE request_id = %(request_id)s AND worker = %(worker)s AND attempts = %(attempts)s AND state = 'running'
RETURNING request_id
