-- Who acts in this session, from where, and for which request; '' for what is not known.
-- params: actor, origin, request_id
-- returns: none
SELECT set_config('ticker.actor', %(actor)s, false), set_config('ticker.origin', %(origin)s, false),
    set_config('ticker.request_id', %(request_id)s, false)
