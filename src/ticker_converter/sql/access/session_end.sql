-- Sign out.
-- params: sha256
-- returns: none
UPDATE access.session SET ended_at = coalesce(ended_at, clock_timestamp()) WHERE sha256 = %(sha256)s
