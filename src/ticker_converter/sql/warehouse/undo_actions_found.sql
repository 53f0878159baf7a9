-- The loads whose actions stand again.
-- params: load_id
-- returns: load_id
SELECT DISTINCT load_id FROM warehouse.actions_that_stand_again(%(load_id)s)
