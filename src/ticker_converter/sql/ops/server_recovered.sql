-- Whether recovery is over, and the time of the last transaction that was replayed.
-- params: none
-- returns: recovered, last
SELECT NOT pg_is_in_recovery(), pg_last_xact_replay_timestamp()
