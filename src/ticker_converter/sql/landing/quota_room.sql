-- What a key may still call: calls left of the hour's, day's and month's limits together, the one of them that is spent and
-- when it opens again (else the provider's midnight), seconds to wait for the second's and the minute's limits, and what
-- the provider itself has closed, until when and in its words.
-- params: provider, key_id, per_second, per_minute, per_hour, per_day, per_month, time_zone
-- returns: left, spent, resets, wait, span, until, message
WITH now AS MATERIALIZED (
    SELECT t.at, date_trunc('day', t.at, %(time_zone)s) AS day, date_trunc('month', t.at, %(time_zone)s) AS month,
        ((t.at AT TIME ZONE %(time_zone)s)::date + 1)::timestamp AT TIME ZONE %(time_zone)s AS midnight,
        (date_trunc('month', t.at AT TIME ZONE %(time_zone)s) + interval '1 month') AT TIME ZONE %(time_zone)s AS next_month
    FROM (SELECT clock_timestamp() AS at) AS t
),
used AS (
    SELECT
        count(*) FILTER (WHERE u.called_at >= n.month) AS month,
        count(*) FILTER (WHERE u.called_at >= n.day) AS day,
        count(*) FILTER (WHERE u.called_at > n.at - interval '1 hour') AS hour,
        count(*) FILTER (WHERE u.called_at > n.at - interval '1 minute') AS minute,
        count(*) FILTER (WHERE u.called_at > n.at - interval '1 second') AS second,
        min(u.called_at) FILTER (WHERE u.called_at > n.at - interval '1 hour') AS hour_first,
        min(u.called_at) FILTER (WHERE u.called_at > n.at - interval '1 minute') AS minute_first,
        min(u.called_at) FILTER (WHERE u.called_at > n.at - interval '1 second') AS second_first
    FROM now AS n
    LEFT JOIN landing.quota_use AS u
        ON u.provider = %(provider)s AND u.key_id = %(key_id)s
        AND u.called_at >= least(
            CASE WHEN %(per_month)s::integer IS NULL THEN n.day ELSE n.month END, n.at - interval '1 hour')
),
room AS (
    SELECT least(%(per_month)s::integer - u.month, %(per_day)s::integer - u.day, %(per_hour)s::integer - u.hour) AS left,
        CASE WHEN u.month >= %(per_month)s::integer THEN 'month' WHEN u.day >= %(per_day)s::integer THEN 'day'
            WHEN u.hour >= %(per_hour)s::integer THEN 'hour' END AS spent
    FROM used AS u
)
SELECT r.left, r.spent,
    CASE r.spent WHEN 'month' THEN n.next_month WHEN 'hour' THEN coalesce(u.hour_first, n.at) + interval '1 hour'
        ELSE n.midnight END,
    greatest(
        0,
        CASE WHEN u.minute >= %(per_minute)s::integer
            THEN extract(epoch FROM u.minute_first + interval '1 minute' - n.at) + 0.01 END,
        CASE WHEN u.second >= %(per_second)s::integer
            THEN extract(epoch FROM u.second_first + interval '1 second' - n.at) + 0.01 END,
        CASE WHEN c.span = 'burst' THEN extract(epoch FROM c.until - n.at) + 0.01 END),
    c.span, c.until, c.message
FROM now AS n
CROSS JOIN used AS u
CROSS JOIN room AS r
LEFT JOIN landing.quota_closed AS c
    ON c.provider = %(provider)s AND c.key_id = %(key_id)s AND c.until > n.at
