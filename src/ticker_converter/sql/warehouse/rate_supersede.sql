-- A held rate is over when the same source's accepted rate for the day arrives, unless the same payload holds one of that
-- day back. An old payload read again (`replay_of`) ends nothing that was said after it.
-- params: load_id, replay_of
-- returns: none
UPDATE landing.quarantine AS q
SET state = 'superseded', decided_at = clock_timestamp(), closed_by = %(load_id)s
FROM pg_temp.stage_rate AS s
WHERE q.state = 'held' AND q.kind = 'rate' AND q.source_id = s.source_id
    AND q.symbol = s.base || '/' || s.quote AND q.day = s.rate_date
    AND NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    AND NOT EXISTS (
        SELECT FROM pg_temp.held AS h
        JOIN pg_temp.stage_rate AS x USING (row_no)
        WHERE x.source_id = q.source_id AND x.base || '/' || x.quote = q.symbol AND x.rate_date = q.day)
    AND (%(replay_of)s::integer IS NULL OR NOT landing.stated_later(q.load_id, %(replay_of)s))
