-- How old each source's newest rate is.
-- params: none
-- returns: source, age_days
SELECT source, (clock_timestamp() AT TIME ZONE 'UTC')::date - max(last) FROM mart.rate_coverage
GROUP BY source ORDER BY source
