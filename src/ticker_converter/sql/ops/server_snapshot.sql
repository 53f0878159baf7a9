-- The clock, the server's version, and the newest migration.
-- params: none
-- returns: at, server, migration
SELECT clock_timestamp(), current_setting('server_version'), (SELECT max(number) FROM ops.migration)
