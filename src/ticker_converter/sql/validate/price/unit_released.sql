-- Held bars that stand behind a jump no more, now that what stood before them has changed.
-- params: none
-- returns: source_id, ids
SELECT q.source_id, array_agg(q.quarantine_id ORDER BY q.day)
FROM pg_temp.walked AS w
JOIN landing.quarantine AS q USING (quarantine_id)
WHERE NOT w.held AND q.state = 'held' AND q.evidence - 'row' - 'unit_jump' = '{}'
GROUP BY q.source_id
ORDER BY q.source_id
