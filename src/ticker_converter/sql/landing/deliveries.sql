-- Deliveries to read again, in the order in which they arrived; not those of runs that were taken back.
-- params: provider, since, waiting_only
-- returns: delivery_id
SELECT delivery_id FROM landing.delivery
WHERE (%(provider)s::text IS NULL OR provider = %(provider)s)
    AND (%(since)s::timestamptz IS NULL OR fetched_at >= %(since)s)
    AND CASE WHEN %(waiting_only)s THEN state = 'landed' ELSE state <> 'refused' END
    AND NOT EXISTS (SELECT FROM landing.run AS r WHERE r.run_id = landing.delivery.run_id AND r.undone_by IS NOT NULL)
ORDER BY delivery_id
