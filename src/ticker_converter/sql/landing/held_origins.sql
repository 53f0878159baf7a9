-- Whose word held bars are: the load that brought each, also where a later one held it back.
-- params: ids
-- returns: origin, ids
SELECT h.origin, array_agg(h.quarantine_id ORDER BY h.quarantine_id)
FROM (
    SELECT q.quarantine_id, coalesce(r.load_id, q.load_id) AS origin
    FROM landing.quarantine AS q
    LEFT JOIN LATERAL (
        SELECT p.load_id FROM warehouse.fact_price_revision AS p
        WHERE p.instrument_id = q.instrument_id AND p.session = q.day AND p.source_id = q.source_id
            AND p.closed_by = q.load_id
        LIMIT 1
    ) AS r ON true
    WHERE q.quarantine_id = ANY (%(ids)s)
) AS h
GROUP BY h.origin
ORDER BY h.origin
