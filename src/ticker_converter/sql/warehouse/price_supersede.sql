-- A held bar is over when the same provider's accepted bar for the day arrives, unless the same payload holds one of that
-- day back. An old payload read again (`replay_of`) ends nothing that was said after it.
-- params: source_id, load_id, replay_of
-- returns: none
UPDATE landing.quarantine AS q
SET state = 'superseded', decided_at = clock_timestamp(), closed_by = %(load_id)s
FROM pg_temp.stage_price AS s
WHERE q.state = 'held' AND q.kind = 'price' AND q.source_id = %(source_id)s
    AND q.instrument_id = s.instrument_id AND q.day = s.session
    AND NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    AND NOT EXISTS (
        SELECT FROM pg_temp.held AS h
        JOIN pg_temp.stage_price AS x USING (row_no)
        WHERE x.instrument_id = q.instrument_id AND x.session = q.day)
    AND (%(replay_of)s::integer IS NULL OR NOT landing.stated_later(q.load_id, %(replay_of)s))
