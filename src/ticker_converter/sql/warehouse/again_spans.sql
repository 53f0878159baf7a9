-- From which load to which what is no one's word any more was believed: of runs taken back and of corrections released.
-- params: none
-- returns: first, last
SELECT min(l.load_id), (SELECT max(u.load_id) FROM landing.load AS u WHERE u.run_id = r.undone_by)
FROM landing.run AS r
JOIN landing.load AS l USING (run_id)
WHERE r.undone_by IS NOT NULL
GROUP BY r.run_id, r.undone_by
UNION ALL
SELECT c.load_id, max(r.load_id)
FROM landing.load AS c
JOIN landing.load AS r
    ON r.act ->> 'act' = 'release' AND r.act ->> 'symbol' = c.act ->> 'symbol' AND r.act ->> 'day' = c.act ->> 'day'
    AND r.load_id > c.load_id
WHERE c.act ->> 'act' = 'correct'
GROUP BY c.load_id
