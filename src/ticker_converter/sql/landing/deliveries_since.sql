-- Deliveries to read again when a run was taken back, in the order in which they arrived: what later ones had repeated
-- left no trace of its own. Of the same providers, and of the same symbols where each names one; where a provider's word
-- that did not stand went with the run, also the earlier ones.
-- params: run_id, earlier
-- returns: delivery_id
WITH mine AS (
    SELECT DISTINCT d.delivery_id, d.provider, d.symbol
    FROM landing.dead_load AS l
    JOIN landing.delivery AS d USING (delivery_id)
    WHERE l.run_id = %(run_id)s
)
SELECT d.delivery_id
FROM landing.delivery AS d
JOIN landing.run AS r USING (run_id)
WHERE d.state = 'loaded' AND r.undone_by IS NULL
    AND (%(earlier)s OR d.delivery_id > (SELECT min(mine.delivery_id) FROM mine))
    AND EXISTS (
        SELECT FROM mine AS m
        WHERE m.provider = d.provider AND (m.symbol = d.symbol OR m.symbol IS NULL OR d.symbol IS NULL))
ORDER BY d.delivery_id
