-- Remove windows that are over.
-- params: none
-- returns: none
DELETE FROM access.login_window
WHERE subject IN (
    SELECT w.subject FROM access.login_window AS w WHERE w.ends_at < clock_timestamp() - interval '1 hour'
    LIMIT 100 FOR UPDATE SKIP LOCKED
)
