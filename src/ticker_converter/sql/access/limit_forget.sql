-- Remove windows of callers that are over.
-- params: none
-- returns: none
DELETE FROM access.limit_window
WHERE subject IN (
    SELECT w.subject FROM access.limit_window AS w WHERE w.ends_at < clock_timestamp() - interval '1 minute'
    LIMIT 1000 FOR UPDATE SKIP LOCKED
)
