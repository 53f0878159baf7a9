-- One chunk of a payload.
-- params: payload_id, seq, body
-- returns: none
INSERT INTO landing.payload_chunk (payload_id, seq, body) VALUES (%(payload_id)s, %(seq)s, %(body)s)
