-- A table's rows as text.
-- params: none
-- returns: the rows
COPY {table} ({columns}) TO STDOUT
