-- Whose word held bars are: the load that brought each, also where a later one held it back.
-- params: ids
-- returns: origin, ids
SELECT coalesce(q.origin, q.load_id) AS origin, array_agg(q.quarantine_id ORDER BY q.quarantine_id)
FROM landing.quarantine AS q
WHERE q.quarantine_id = ANY (%(ids)s)
GROUP BY coalesce(q.origin, q.load_id)
ORDER BY coalesce(q.origin, q.load_id)
