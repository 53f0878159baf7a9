-- Forget what was put back before in this transaction.
-- params: none
-- returns: none
DELETE FROM pg_temp.put_back
