-- When a provider last answered to each kind of question about each symbol, whatever it said but a refusal. What could
-- not be read (a web page in place of data) is an answer for six hours, as long as a refusal without a reason is.
-- params: none
-- returns: provider, kind, symbol, fetched_at
SELECT provider, kind, coalesce(symbol, ''), max(fetched_at)
FROM landing.delivery
WHERE kind IS NOT NULL AND state <> 'refused'
    AND (state <> 'unreadable' OR fetched_at > clock_timestamp() - interval '6 hours')
GROUP BY provider, kind, coalesce(symbol, '')
