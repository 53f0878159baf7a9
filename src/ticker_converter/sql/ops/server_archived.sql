-- The newest archived segment, and for how many seconds what came after it has been on this server's disk alone.
-- params: none
-- returns: segment, seconds
SELECT
    coalesce(last_archived_wal, ''),
    greatest(0, extract(epoch FROM clock_timestamp() - coalesce(last_archived_time, stats_reset)))::float8
FROM pg_stat_archiver
