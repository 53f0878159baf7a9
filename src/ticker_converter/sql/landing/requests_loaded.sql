-- When each request last brought something that was read to its end.
-- params: none
-- returns: provider, request, fetched_at
SELECT provider, request, max(fetched_at)
FROM landing.delivery
WHERE state IN ('loaded', 'nothing') AND provider <> 'files'
    AND NOT EXISTS (SELECT FROM landing.run AS r WHERE r.run_id = delivery.run_id AND r.undone_by IS NOT NULL)
GROUP BY provider, request
