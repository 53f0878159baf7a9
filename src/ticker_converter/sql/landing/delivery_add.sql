-- One arrival of a payload.
-- params: payload_id, run_id, provider, request, symbol, options, content_type, fetched_at, known_at, redacted, kind
-- returns: delivery_id
INSERT INTO landing.delivery (
    payload_id, run_id, provider, request, symbol, options, content_type, fetched_at, known_at, redacted, kind
)
VALUES (
    %(payload_id)s, %(run_id)s, %(provider)s, %(request)s, %(symbol)s, %(options)s, %(content_type)s,
    %(fetched_at)s, %(known_at)s, %(redacted)s, %(kind)s
)
RETURNING delivery_id
