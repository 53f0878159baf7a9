-- The request that was made with an Idempotency-Key, and whether it was this one.
-- params: author, idempotency_key, act, arguments
-- returns: request_id, same
SELECT request_id, act = %(act)s AND arguments = %(arguments)s
FROM ops.request
WHERE author = %(author)s AND idempotency_key = %(idempotency_key)s
