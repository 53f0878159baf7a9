-- One request as it stands.
-- params: request_id
-- returns: request_id, act, state, author, asked_at, started_at, finished_at, cancelling, run_id, progress, result, error, message
SELECT request_id, act, state, author, asked_at, started_at, finished_at, cancel_asked_at IS NOT NULL AS cancelling,
    run_id, progress, result, error, message
FROM ops.request
WHERE request_id = %(request_id)s AND act <> 'cancel'
