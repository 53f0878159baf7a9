-- The loads whose words stand and did not before.
-- params: none
-- returns: load_id
SELECT load_id FROM pg_temp.again_new_price
UNION SELECT load_id FROM pg_temp.again_new_action
UNION SELECT load_id FROM pg_temp.again_new_rate
ORDER BY load_id
