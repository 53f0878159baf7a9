-- When each request last brought something that was read to its end.
-- params: none
-- returns: provider, request, fetched_at
SELECT provider, request, max(fetched_at)
FROM landing.delivery
WHERE state IN ('loaded', 'nothing') AND provider <> 'files'
GROUP BY provider, request
