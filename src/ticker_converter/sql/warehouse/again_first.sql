-- The first load of the run that is taken back.
-- params: none
-- returns: load_id
SELECT min(load_id) FROM pg_temp.again_load
