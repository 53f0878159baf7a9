-- Whether another run has landed the answer to a call since `seen`, the last delivery that the plan knew.
-- params: provider, request, seen, run_id
-- returns: answered
SELECT EXISTS (
    SELECT FROM landing.delivery
    WHERE provider = %(provider)s AND request = %(request)s AND delivery_id > %(seen)s AND run_id <> %(run_id)s
        AND state <> 'refused')
