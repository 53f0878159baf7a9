-- Rows of a backup into their table.
-- params: none
-- returns: none
COPY {table} ({columns}) FROM STDIN
