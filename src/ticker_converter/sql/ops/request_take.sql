-- Take the oldest request of these acts that waits, or whose worker has let its lease run out.
-- params: acts, worker, lease
-- returns: request_id, act, arguments, author, attempts, asked_as
UPDATE ops.request AS r
SET state = 'running', worker = %(worker)s, attempts = r.attempts + 1, progress = NULL, run_id = NULL,
    started_at = coalesce(r.started_at, clock_timestamp()),
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE r.request_id = (
    SELECT o.request_id FROM ops.request AS o
    WHERE (o.state = 'queued' OR o.state = 'running' AND o.lease_until < clock_timestamp()) AND o.act = ANY (%(acts)s)
    ORDER BY o.asked_at, o.request_id
    LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING r.request_id, r.act, r.arguments, r.author, r.attempts, r.asked_as
