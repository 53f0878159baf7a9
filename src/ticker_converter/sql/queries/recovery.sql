-- The newest kept backup and the last drill, with their ages in seconds.
-- params: none
-- returns: backup_id, snapshot_at, backup_age, bytes, drill_at, drill_age, passed, recovery_seconds, loss_seconds
SELECT
    b.backup_id, b.snapshot_at, extract(epoch FROM clock_timestamp() - b.snapshot_at)::float8 AS backup_age, b.bytes,
    d.finished_at AS drill_at, extract(epoch FROM clock_timestamp() - d.finished_at)::float8 AS drill_age, d.passed,
    d.recovery_seconds::float8, d.loss_seconds::float8
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
    SELECT * FROM mart.backup WHERE pruned_at IS NULL ORDER BY snapshot_at DESC LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (SELECT * FROM mart.drill ORDER BY drill_id DESC LIMIT 1) AS d ON true
