-- Calls of the last day.
-- params: none
-- returns: provider, calls
SELECT provider, count(*) FROM mart.calls WHERE called_at > clock_timestamp() - interval '1 day'
GROUP BY provider ORDER BY provider
