-- Refresh tokens that have expired; a used one is kept until then, because its second use tells of a theft.
-- params: none
-- returns: none
DELETE FROM access.refresh_token AS t WHERE t.expires_at < clock_timestamp()
