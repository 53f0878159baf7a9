-- When a provider last answered to each kind of question about each symbol, whatever it said but a refusal.
-- params: none
-- returns: provider, kind, symbol, fetched_at
SELECT provider, kind, coalesce(symbol, ''), max(fetched_at)
FROM landing.delivery
WHERE kind IS NOT NULL AND state <> 'refused'
GROUP BY provider, kind, coalesce(symbol, '')
