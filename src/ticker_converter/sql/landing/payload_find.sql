-- The payload of these bytes, if it is stored.
-- params: sha256
-- returns: payload_id
SELECT payload_id FROM landing.payload WHERE sha256 = %(sha256)s
