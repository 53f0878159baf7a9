-- Name this place in the WAL, to be restored to.
-- params: name
-- returns: lsn
SELECT pg_create_restore_point(%(name)s)::text
