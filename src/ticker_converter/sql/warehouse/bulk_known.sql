-- Of instruments, each with the first and the last day of new bars: whether anything was ever stored of it, whether bars of
-- it wait in quarantine or were answered there (or a provider shadows it), and how far apart the closes stand around
-- those days.
-- params: instruments, firsts, lasts
-- returns: instrument_id, stored, waiting, low, high
SELECT g.instrument_id, f.instrument_id IS NOT NULL OR r.instrument_id IS NOT NULL OR o.instrument_id IS NOT NULL,
    i.shadows <> '{}' OR EXISTS (
        SELECT FROM landing.quarantine AS q
        WHERE q.instrument_id = g.instrument_id AND q.kind = 'price' AND q.state <> 'superseded'),
    near.low, near.high
FROM unnest(%(instruments)s::integer[], %(firsts)s::date[], %(lasts)s::date[]) AS g (instrument_id, first, last)
JOIN warehouse.dim_instrument AS i USING (instrument_id)
LEFT JOIN LATERAL (
    SELECT p.instrument_id FROM warehouse.fact_price AS p WHERE p.instrument_id = g.instrument_id LIMIT 1
) AS f ON true
LEFT JOIN LATERAL (
    SELECT p.instrument_id FROM warehouse.fact_price_revision AS p WHERE p.instrument_id = g.instrument_id LIMIT 1
) AS r ON true
LEFT JOIN LATERAL (
    SELECT p.instrument_id FROM warehouse.fact_price_outranked AS p WHERE p.instrument_id = g.instrument_id LIMIT 1
) AS o ON true
CROSS JOIN LATERAL (
    SELECT min(p.close) AS low, max(p.close) AS high FROM warehouse.fact_price AS p
    WHERE p.instrument_id = g.instrument_id AND p.session BETWEEN g.first - 30 AND g.last + 30
) AS near
