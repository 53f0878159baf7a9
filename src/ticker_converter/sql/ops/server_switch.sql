-- Close the WAL segment in hand, so that it is archived now; its name.
-- params: none
-- returns: segment
SELECT pg_walfile_name(pg_switch_wal())
