-- Rows that wait for a person, by reason.
-- params: none
-- returns: reason, rows
SELECT reason, count(*) FROM mart.quarantine WHERE state = 'held' GROUP BY reason ORDER BY reason
