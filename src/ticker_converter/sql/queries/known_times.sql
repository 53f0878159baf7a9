-- When what is known of an instrument's bars, or of its splits and dividends, changed; the newest first.
-- params: instrument_id, limit
-- returns: known_at, bars
SELECT c.known_from, sum(c.bars)::bigint
FROM (
    SELECT l.known_from, count(*) AS bars
    FROM mart.price AS p
    JOIN mart.publication AS l USING (load_id)
    WHERE p.instrument_id = %(instrument_id)s
    GROUP BY l.known_from
    UNION ALL
    SELECT r.known_from, count(*) FROM mart.price_revision AS r WHERE r.instrument_id = %(instrument_id)s GROUP BY r.known_from
    UNION ALL
    SELECT r.known_to, 0 FROM mart.price_revision AS r WHERE r.instrument_id = %(instrument_id)s GROUP BY r.known_to
) AS c
GROUP BY c.known_from
ORDER BY c.known_from DESC
LIMIT %(limit)s
