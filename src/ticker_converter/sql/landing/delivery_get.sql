-- A delivery with what is needed to read its payload again.
-- params: delivery_id
-- returns: payload_id, bytes, encoding, provider, request, symbol, options, content_type, fetched_at, known_at, state
SELECT p.payload_id, p.bytes, p.encoding, d.provider, d.request, d.symbol, d.options, d.content_type, d.fetched_at,
    d.known_at, d.state
FROM landing.delivery AS d
JOIN landing.payload AS p USING (payload_id)
WHERE d.delivery_id = %(delivery_id)s
