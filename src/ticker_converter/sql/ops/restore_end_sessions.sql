-- End the other sessions of a database that is to be renamed.
-- params: name
-- returns: ended
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %(name)s AND pid <> pg_backend_pid()
