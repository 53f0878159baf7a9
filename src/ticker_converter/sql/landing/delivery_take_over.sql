-- Continue a killed run's delivery in this run.
-- params: delivery_id, run_id, fetched_at
-- returns: none
UPDATE landing.delivery SET run_id = %(run_id)s, fetched_at = %(fetched_at)s WHERE delivery_id = %(delivery_id)s
