-- Calls left today, when the day resets, seconds to wait for the second's and the minute's limits, and the provider's own
-- words if it has closed the window.
-- params: provider, key_id, per_second, per_minute, per_day, time_zone
-- returns: left, resets, wait, closed
WITH now AS (
    SELECT clock_timestamp() AS at,
        date_trunc('day', clock_timestamp(), %(time_zone)s) AS day,
        ((clock_timestamp() AT TIME ZONE %(time_zone)s)::date + 1)::timestamp AT TIME ZONE %(time_zone)s AS resets
),
used AS (
    SELECT
        count(*) AS today,
        count(*) FILTER (WHERE u.called_at > n.at - interval '1 minute') AS minute,
        count(*) FILTER (WHERE u.called_at > n.at - interval '1 second') AS second,
        min(u.called_at) FILTER (WHERE u.called_at > n.at - interval '1 minute') AS minute_first,
        min(u.called_at) FILTER (WHERE u.called_at > n.at - interval '1 second') AS second_first
    FROM now AS n
    LEFT JOIN landing.quota_use AS u
        ON u.provider = %(provider)s AND u.key_id = %(key_id)s
        AND u.called_at >= least(n.day, n.at - interval '1 minute')
    WHERE u.called_at >= n.day OR u.called_at > n.at - interval '1 minute'
),
closed AS (
    SELECT c.until, c.message
    FROM landing.quota_closed AS c, now AS n
    WHERE c.provider = %(provider)s AND c.key_id = %(key_id)s AND c.until > n.at
)
SELECT
    %(per_day)s::integer - (
        SELECT count(*) FROM landing.quota_use AS u
        WHERE u.provider = %(provider)s AND u.key_id = %(key_id)s AND u.called_at >= n.day),
    coalesce((SELECT until FROM closed), n.resets),
    greatest(
        0,
        CASE WHEN u.minute >= %(per_minute)s::integer
            THEN extract(epoch FROM u.minute_first + interval '1 minute' - n.at) + 0.01 END,
        CASE WHEN u.second >= %(per_second)s::integer
            THEN extract(epoch FROM u.second_first + interval '1 second' - n.at) + 0.01 END),
    (SELECT message FROM closed)
FROM now AS n, used AS u
