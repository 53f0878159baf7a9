-- What was said and done of those instruments and days by the runs that remain, in the order in which it was recorded:
-- deliveries that were loaded or read again, corrections that stand, answers, edits of units, checks. A vendor's delivery
-- about one symbol is passed over unless it, or another of that symbol, has left a trace.
-- params: until
-- returns: load_id, run_id, delivery_id, kind, act, author, reason, known_from
WITH trace AS (
    SELECT load_id FROM pg_temp.again_price
    UNION SELECT load_id FROM pg_temp.again_price_revision
    UNION SELECT load_id FROM pg_temp.again_price_outranked
    UNION SELECT load_id FROM pg_temp.again_rate
    UNION SELECT load_id FROM pg_temp.again_rate_revision
    UNION SELECT load_id FROM pg_temp.again_action
    UNION SELECT load_id FROM pg_temp.again_action_revision
    UNION SELECT closed_by FROM pg_temp.again_action_revision
    UNION SELECT load_id FROM pg_temp.again_held
    UNION SELECT load_id FROM pg_temp.again_load
),
named AS (
    SELECT DISTINCT d.provider, d.symbol
    FROM trace
    JOIN landing.load USING (load_id)
    JOIN landing.delivery AS d USING (delivery_id)
    WHERE d.symbol IS NOT NULL
)
SELECT l.load_id, l.run_id, l.delivery_id, l.kind, l.act, l.author, l.reason, l.known_from
FROM landing.load AS l
JOIN landing.run AS r USING (run_id)
LEFT JOIN landing.delivery AS d USING (delivery_id)
LEFT JOIN landing.run AS b ON b.run_id = d.run_id
WHERE l.load_id < %(until)s AND r.undone_by IS NULL AND b.undone_by IS NULL
    AND l.load_id >= least(
        (SELECT min(s.start) FROM pg_temp.again_instrument AS s), (SELECT min(s.start) FROM pg_temp.again_day AS s),
        (SELECT min(m.load_id) FROM pg_temp.again_load AS m))
    AND (
        l.act ->> 'act' IN ('decide', 'edit', 'check')
        OR l.act ->> 'act' = 'correct' AND NOT EXISTS (
            SELECT FROM landing.load AS x
            WHERE x.act ->> 'act' = 'release' AND x.act ->> 'symbol' = l.act ->> 'symbol'
                AND x.act ->> 'day' = l.act ->> 'day' AND x.load_id > l.load_id)
        OR l.kind IN ('load', 'replay') AND d.state = 'loaded'
        AND NOT EXISTS (SELECT FROM landing.load AS a WHERE a.run_id = l.run_id AND a.act IS NOT NULL)
        AND (d.symbol IS NULL OR (d.provider, d.symbol) IN (SELECT n.provider, n.symbol FROM named AS n)))
ORDER BY l.load_id
