-- What the API asked for, over that many days ago, with its Idempotency-Keys.
-- params: days
-- returns: none
DELETE FROM ops.request AS r
WHERE r.finished_at < clock_timestamp() - make_interval(days => %(days)s) AND r.state NOT IN ('queued', 'running')
