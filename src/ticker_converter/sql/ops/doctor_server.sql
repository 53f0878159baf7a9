-- The server's version, the size of this database, and the server's clock.
-- params: none
-- returns: version, bytes, clock
SELECT current_setting('server_version'), pg_database_size(current_database()), clock_timestamp()
