-- Keep what is derived again.
-- params: none
-- returns: none
ALTER TABLE {table} ENABLE TRIGGER USER
