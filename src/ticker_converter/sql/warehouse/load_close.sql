-- Close a load: its counts, and the data's version moves on if anything changed.
-- params: load_id, counts, changed
-- returns: none
WITH closed AS (
    UPDATE landing.load SET counts = %(counts)s::jsonb WHERE load_id = %(load_id)s
    RETURNING known_from, recorded_at
)
UPDATE warehouse.state AS s
SET version = s.version + 1,
    published_at = greatest(s.published_at, CASE WHEN c.known_from >= s.published_at AND c.known_from <= clock_timestamp()
        THEN c.known_from ELSE s.published_at END)
FROM closed AS c
WHERE %(changed)s::boolean
