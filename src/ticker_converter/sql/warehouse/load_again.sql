-- One load per delivery and kind of what is about to be put back, so that a bar, rate or action goes on to be the word of
-- who said it: taking that run back takes it away, and a replay knows which statement is the later.
-- params: load_id, origins, kind
-- returns: origin, load_id
WITH origin AS (
    SELECT o.load_id, o.delivery_id, CASE WHEN o.kind IN ('decision', 'edit') THEN o.kind WHEN %(kind)s = 'edit' THEN 'edit' ELSE 'undo' END AS kind
    FROM landing.load AS o
    WHERE o.load_id = ANY (%(origins)s)
),
again AS (
    INSERT INTO landing.load (run_id, delivery_id, kind, parser_version, known_from, author, reason)
    SELECT l.run_id, o.delivery_id, o.kind, l.parser_version, l.known_from, l.author, l.reason
    FROM landing.load AS l, (SELECT DISTINCT delivery_id, kind FROM origin) AS o
    WHERE l.load_id = %(load_id)s
    RETURNING load_id, delivery_id, kind
)
SELECT o.load_id, a.load_id
FROM origin AS o
JOIN again AS a ON a.delivery_id IS NOT DISTINCT FROM o.delivery_id AND a.kind = o.kind
