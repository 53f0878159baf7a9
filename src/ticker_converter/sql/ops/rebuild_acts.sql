-- What was done, in the order in which it was recorded: each delivery that was loaded or read again, each act of a person,
-- each change of the list. A load that an act brought about is not repeated by itself.
-- params: none
-- returns: load_id, run_id, delivery_id, kind, act, author, reason, symbol
SELECT d.load_id, d.run_id, d.delivery_id, d.kind, d.act, d.author, d.reason, d.symbol
FROM (
    SELECT l.recorded_at AS at, l.load_id, l.run_id, l.delivery_id, l.kind, l.act, l.author, l.reason,
        NULL::text AS symbol
    FROM pg_temp.kept_load AS l
    WHERE l.act IS NOT NULL
        OR l.delivery_id IS NOT NULL AND l.kind IN ('load', 'replay') AND NOT EXISTS (
            SELECT FROM pg_temp.kept_load AS a WHERE a.run_id = l.run_id AND a.act IS NOT NULL)
    UNION ALL
    SELECT c.changed_at, NULL, NULL, NULL, 'list', c.change, NULL, NULL, c.symbol
    FROM landing.list_change AS c
) AS d
ORDER BY d.at, d.load_id NULLS FIRST
