-- How many of the held bars a person has answered before by rescaling them: what they say stands, in the right unit.
-- params: source_id
-- returns: rows
SELECT count(*)
FROM pg_temp.held AS h
JOIN pg_temp.stage_price AS s USING (row_no)
WHERE EXISTS (
    SELECT FROM landing.quarantine AS q
    WHERE q.state = 'rescaled' AND q.kind = 'price' AND q.source_id = %(source_id)s
        AND q.instrument_id = s.instrument_id AND q.day = s.session
        AND ((q.content ->> 'open')::numeric, (q.content ->> 'high')::numeric, (q.content ->> 'low')::numeric,
            (q.content ->> 'close')::numeric) IS NOT DISTINCT FROM (s.open, s.high, s.low, s.close))
