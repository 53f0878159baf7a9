-- A held rate is over when the same source's accepted rate for the day arrives, unless the same payload holds one of that
-- day back.
-- params: none
-- returns: none
UPDATE landing.quarantine AS q
SET state = 'superseded', decided_at = clock_timestamp()
FROM pg_temp.stage_rate AS s
WHERE q.state = 'held' AND q.kind = 'rate' AND q.source_id = s.source_id
    AND q.symbol = s.base || '/' || s.quote AND q.day = s.rate_date
    AND NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    AND NOT EXISTS (
        SELECT FROM pg_temp.held AS h
        JOIN pg_temp.stage_rate AS x USING (row_no)
        WHERE x.source_id = q.source_id AND x.base || '/' || x.quote = q.symbol AND x.rate_date = q.day)
