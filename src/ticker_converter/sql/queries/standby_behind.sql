-- Whether this server has all up to a position of the primary's log, and else the age of what it replayed last.
-- params: position
-- returns: reached, seconds
SELECT
    NOT pg_is_in_recovery() OR pg_last_wal_replay_lsn() >= %(position)s::pg_lsn,
    extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::double precision
