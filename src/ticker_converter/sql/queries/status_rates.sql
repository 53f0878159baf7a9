-- What each source's rates reach over.
-- params: none
-- returns: source, pairs, first, last, rates
SELECT source, count(*) AS pairs, min(first) AS first, max(last) AS last, sum(rates)::bigint AS rates
FROM mart.rate_coverage
GROUP BY source
ORDER BY source
