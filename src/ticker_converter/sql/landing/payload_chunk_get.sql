-- One chunk of a payload.
-- params: payload_id, seq
-- returns: body
SELECT body FROM landing.payload_chunk WHERE payload_id = %(payload_id)s AND seq = %(seq)s
