-- Load what is derived as it was, instead of deriving it from half of what it is derived from.
-- params: none
-- returns: none
ALTER TABLE {table} DISABLE TRIGGER USER
