-- The loads of a run and of what it had landed.
-- params: run_id
-- returns: none
INSERT INTO pg_temp.again_load
SELECT l.load_id
FROM landing.load AS l
LEFT JOIN landing.delivery AS d USING (delivery_id)
WHERE l.run_id = %(run_id)s OR d.run_id = %(run_id)s
