-- Sessions of the page that have expired or were signed out.
-- params: none
-- returns: none
DELETE FROM access.session AS s WHERE s.expires_at < clock_timestamp() OR s.ended_at IS NOT NULL
