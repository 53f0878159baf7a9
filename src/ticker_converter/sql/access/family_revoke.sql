-- Revoke a family: one of its tokens was used twice, so one of the two who used it is a thief.
-- params: family_id
-- returns: none
UPDATE access.refresh_family SET revoked_at = coalesce(revoked_at, clock_timestamp()) WHERE family_id = %(family_id)s
