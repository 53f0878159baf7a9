-- The first and the last day on which the pair has a rate of its own.
-- params: from, to, sources, known_at
-- returns: first, last
SELECT min(r.rate_date), max(r.rate_date)
FROM mart.currency_family AS f
JOIN mart.currency_family AS t ON t.code = %(to)s
CROSS JOIN LATERAL (
    SELECT b.rate_date
    FROM (VALUES
        (f.canonical, t.canonical, '-infinity'::date, least(f.successor_on, t.successor_on, 'infinity') - 1),
        (coalesce(f.successor, f.canonical), coalesce(t.successor, t.canonical),
            least(f.successor_on, t.successor_on), 'infinity')
    ) AS span (a, b, low, high)
    CROSS JOIN LATERAL mart.fx_routes(
        span.a, span.b, span.low, span.high, %(sources)s::text[], %(known_at)s::timestamptz, false) AS b
    WHERE span.a <> span.b AND span.low IS NOT NULL
) AS r
WHERE f.code = %(from)s
