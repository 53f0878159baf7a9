-- One load for each delivery and kind of what is about to be put back, so that a bar, rate or action goes on to be the word
-- of who said it: taking that run back takes it away, and a replay knows which statement is the later. With `each`, one for
-- each load, which it names: what a run taken back had replaced stands as if it had always stood. `retold`: a load that is
-- done once more has its own already.
-- params: load_id, origins, kind, each, retold
-- returns: origin, load_id
WITH origin AS (
    SELECT o.load_id, o.delivery_id,
        CASE WHEN o.kind IN ('decision', 'edit', 'correction') THEN o.kind
            WHEN %(kind)s = 'edit' THEN 'edit' ELSE 'undo' END AS kind,
        CASE WHEN %(each)s::boolean THEN coalesce(o.origin, o.load_id) END AS origin
    FROM landing.load AS o
    WHERE o.load_id = ANY (%(origins)s)
),
wanted AS (
    SELECT DISTINCT o.delivery_id, o.kind, o.origin FROM origin AS o
),
had AS (
    SELECT min(a.load_id) AS load_id, w.delivery_id, w.kind, w.origin
    FROM wanted AS w
    JOIN landing.load AS l ON l.load_id = %(load_id)s AND %(retold)s::boolean
    JOIN landing.load AS a
        ON a.run_id = l.run_id AND a.known_from = l.known_from AND a.load_id > l.load_id AND a.act IS NULL
        AND a.delivery_id IS NOT DISTINCT FROM w.delivery_id AND a.kind = w.kind AND a.origin IS NOT DISTINCT FROM w.origin
    GROUP BY w.delivery_id, w.kind, w.origin
),
again AS (
    INSERT INTO landing.load (run_id, delivery_id, kind, parser_version, known_from, author, reason, origin)
    SELECT l.run_id, w.delivery_id, w.kind, l.parser_version, l.known_from, l.author, l.reason, w.origin
    FROM landing.load AS l, wanted AS w
    WHERE l.load_id = %(load_id)s AND NOT EXISTS (
        SELECT FROM had AS h
        WHERE h.delivery_id IS NOT DISTINCT FROM w.delivery_id AND h.kind = w.kind AND h.origin IS NOT DISTINCT FROM w.origin)
    ORDER BY w.origin, w.delivery_id, w.kind
    RETURNING load_id, delivery_id, kind, origin
)
SELECT o.load_id, a.load_id
FROM origin AS o
JOIN (
    SELECT load_id, delivery_id, kind, origin FROM again
    UNION ALL
    SELECT load_id, delivery_id, kind, origin FROM had
) AS a
    ON a.delivery_id IS NOT DISTINCT FROM o.delivery_id AND a.kind = o.kind AND a.origin IS NOT DISTINCT FROM o.origin
