-- A held bar is over when the same provider's accepted bar for the day arrives, unless the same payload holds one of that
-- day back.
-- params: source_id
-- returns: none
UPDATE landing.quarantine AS q
SET state = 'superseded', decided_at = clock_timestamp()
FROM pg_temp.stage_price AS s
WHERE q.state = 'held' AND q.kind = 'price' AND q.source_id = %(source_id)s
    AND q.instrument_id = s.instrument_id AND q.day = s.session
    AND NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    AND NOT EXISTS (
        SELECT FROM pg_temp.held AS h
        JOIN pg_temp.stage_price AS x USING (row_no)
        WHERE x.instrument_id = q.instrument_id AND x.session = q.day)
