-- The last delivery there is.
-- params: none
-- returns: delivery_id
SELECT coalesce(max(delivery_id), 0) FROM landing.delivery
