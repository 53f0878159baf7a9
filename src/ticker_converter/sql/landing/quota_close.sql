-- The provider has closed a window of a key: for `seconds` (burst), an hour, until its own midnight or the end of its month,
-- or for a day a key that it does not accept. A window that is closed for longer stays so.
-- params: provider, key_id, span, seconds, time_zone, message
-- returns: none
INSERT INTO landing.quota_closed AS c (provider, key_id, span, until, message)
SELECT %(provider)s, %(key_id)s, %(span)s, CASE %(span)s
        WHEN 'burst' THEN t.at + make_interval(secs => %(seconds)s)
        WHEN 'hour' THEN t.at + interval '1 hour'
        WHEN 'month' THEN
            (date_trunc('month', t.at AT TIME ZONE %(time_zone)s) + interval '1 month') AT TIME ZONE %(time_zone)s
        WHEN 'key' THEN t.at + interval '1 day'
        ELSE ((t.at AT TIME ZONE %(time_zone)s)::date + 1)::timestamp AT TIME ZONE %(time_zone)s END,
    %(message)s
FROM (SELECT clock_timestamp() AS at) AS t
ON CONFLICT (provider, key_id) DO UPDATE
SET span = excluded.span, until = excluded.until, message = excluded.message, closed_at = clock_timestamp()
WHERE excluded.until >= c.until
