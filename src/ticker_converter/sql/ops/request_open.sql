-- Requests that are not over, oldest first.
-- params: number
-- returns: request_id, act, state, author, asked_at, started_at, finished_at, cancelling, run_id, progress, result, error, message
SELECT request_id, act, state, author, asked_at, started_at, finished_at, cancel_asked_at IS NOT NULL AS cancelling,
    run_id, progress, result, error, message
FROM ops.request
WHERE state IN ('queued', 'running') AND act <> 'cancel'
ORDER BY asked_at, request_id
LIMIT %(number)s
