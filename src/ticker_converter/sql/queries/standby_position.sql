-- How far this server's log is written, or replayed where it is a replica.
-- params: none
-- returns: position
SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text
