-- A delivery of the same bytes, asked in the same words, that a killed run landed and nobody read.
-- params: payload_id, provider, request, options, known_at
-- returns: delivery_id
SELECT delivery_id FROM landing.delivery
WHERE payload_id = %(payload_id)s AND provider = %(provider)s AND request = %(request)s AND state = 'landed'
    AND options = %(options)s AND known_at IS NOT DISTINCT FROM %(known_at)s
ORDER BY delivery_id LIMIT 1
