-- Be told when something is asked.
-- params: none
-- returns: none
LISTEN ops_request
