-- Renew a lease and say how far it is; no row: the request is another worker's now. `stop`: it is to end.
-- params: request_id, worker, attempts, lease, run_id, progress
-- returns: stop
UPDATE ops.request
SET lease_until = clock_timestamp() + make_interval(secs => %(lease)s), progress = %(progress)s,
    run_id = coalesce(%(run_id)s, run_id)
WHERE request_id = %(request_id)s AND worker = %(worker)s AND attempts = %(attempts)s AND state = 'running'
RETURNING cancel_asked_at IS NOT NULL
