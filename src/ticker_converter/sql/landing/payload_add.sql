-- A new payload; no row if another process has just stored the same bytes.
-- params: sha256, bytes, encoding
-- returns: payload_id
INSERT INTO landing.payload (sha256, bytes, encoding) VALUES (%(sha256)s, %(bytes)s, %(encoding)s)
ON CONFLICT (sha256) DO NOTHING
RETURNING payload_id
