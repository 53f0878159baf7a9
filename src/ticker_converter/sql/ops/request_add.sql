-- Ask for an act; nothing is returned where the caller's Idempotency-Key was used before.
-- params: act, arguments, author, idempotency_key
-- returns: request_id
INSERT INTO ops.request (act, arguments, author, idempotency_key)
VALUES (%(act)s, %(arguments)s, %(author)s, %(idempotency_key)s)
ON CONFLICT (author, idempotency_key) DO NOTHING
RETURNING request_id
