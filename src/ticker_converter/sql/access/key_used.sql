-- Note that a key is in use, at most once a minute; a row that another writes is passed over.
-- params: key_id
-- returns: none
UPDATE access.api_key SET last_used_at = clock_timestamp()
WHERE key_id = (
    SELECT k.key_id FROM access.api_key AS k
    WHERE k.key_id = %(key_id)s AND (k.last_used_at IS NULL OR k.last_used_at < clock_timestamp() - interval '1 minute')
    FOR UPDATE SKIP LOCKED
)
