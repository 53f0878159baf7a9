-- The server's version and the size of this database.
-- params: none
-- returns: version, bytes
SELECT current_setting('server_version'), pg_database_size(current_database())
