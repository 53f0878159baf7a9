-- Calls sent to a provider since its own midnight, with whatever key.
-- params: provider, time_zone
-- returns: calls
SELECT count(*) FROM landing.quota_use
WHERE provider = %(provider)s AND called_at >= date_trunc('day', clock_timestamp(), %(time_zone)s)
