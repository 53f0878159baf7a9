-- Three instruments, or two providers, with a bar on one day that is no session: the calendar may be wrong.
-- params: load_id
-- returns: none
INSERT INTO landing.finding (load_id, rule, subject, day, evidence)
SELECT %(load_id)s, 'calendar', i.mic, q.day, jsonb_build_object(
    'symbols', to_jsonb((array_agg(DISTINCT i.symbol))[1:10]), 'instruments', count(DISTINCT q.instrument_id),
    'providers', count(DISTINCT q.source_id), 'answer', 'ticker-converter calendar admit ' || i.mic || ' ' || q.day)
FROM landing.quarantine AS q
JOIN warehouse.dim_instrument AS i USING (instrument_id)
WHERE q.state = 'held' AND q.reason = 'not_a_session'
    AND (i.mic, q.day) IN (
        SELECT i2.mic, s.session
        FROM pg_temp.held AS h
        JOIN pg_temp.stage_price AS s USING (row_no)
        JOIN warehouse.dim_instrument AS i2 ON i2.instrument_id = s.instrument_id
        WHERE h.reason = 'not_a_session')
GROUP BY i.mic, q.day
HAVING count(DISTINCT q.instrument_id) >= 3 OR count(DISTINCT q.source_id) >= 2
ON CONFLICT (rule, subject, day) DO UPDATE SET evidence = excluded.evidence
