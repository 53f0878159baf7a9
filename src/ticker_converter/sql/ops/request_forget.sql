-- Forget requests that were over that many days ago, with their Idempotency-Keys; some at a time.
-- params: days
-- returns: none
DELETE FROM ops.request
WHERE request_id IN (
    SELECT o.request_id FROM ops.request AS o
    WHERE o.finished_at < clock_timestamp() - make_interval(days => %(days)s) AND o.state NOT IN ('queued', 'running')
    LIMIT 10000 FOR UPDATE SKIP LOCKED
)
