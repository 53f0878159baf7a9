-- Calls taken from the ledger per provider over the last 30 days, and when a limit of the last 24 hours is reached at the
-- pace of these hours (null: no limit is given, or it is not reached within a day).
-- params: providers, limits
-- returns: provider, day, week, month, last, daily_limit, left, spent_at
SELECT c.provider, c.day, c.week, c.month, c.last, l.daily_limit, greatest(l.daily_limit - c.day, 0) AS left,
    CASE WHEN c.day >= l.daily_limit THEN c.last
        WHEN c.day > 0 AND (l.daily_limit - c.day) < c.day
            THEN clock_timestamp() + interval '1 day' * (l.daily_limit - c.day) / c.day END AS spent_at
FROM (
    SELECT u.provider, count(*) FILTER (WHERE u.called_at > clock_timestamp() - interval '1 day') AS day,
        count(*) FILTER (WHERE u.called_at > clock_timestamp() - interval '7 days') AS week, count(*) AS month,
        max(u.called_at) AS last
    FROM mart.calls AS u
    WHERE u.called_at > clock_timestamp() - interval '30 days'
    GROUP BY u.provider
) AS c
LEFT JOIN unnest(%(providers)s::text[], %(limits)s::integer[]) AS l (provider, daily_limit) USING (provider)
ORDER BY c.provider
