-- The provider has closed its window until its own midnight.
-- params: provider, key_id, time_zone, message
-- returns: none
INSERT INTO landing.quota_closed (provider, key_id, until, message)
VALUES (
    %(provider)s, %(key_id)s,
    ((clock_timestamp() AT TIME ZONE %(time_zone)s)::date + 1)::timestamp AT TIME ZONE %(time_zone)s, %(message)s
)
ON CONFLICT (provider, key_id) DO UPDATE SET until = excluded.until, message = excluded.message
