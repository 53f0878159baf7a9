-- How reading a delivery ended.
-- params: delivery_id, state, parser_version, message
-- returns: none
UPDATE landing.delivery
SET state = %(state)s, parser_version = %(parser_version)s, message = %(message)s
WHERE delivery_id = %(delivery_id)s
