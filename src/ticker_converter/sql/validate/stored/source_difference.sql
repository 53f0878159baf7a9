-- Rates of one pair and day that two sources see more than 2 percent apart, or three times further than the median of
-- the pair's last 60 days (and more than the triangle's own 0.05 percent).
-- params: sources
-- returns: subject, day, evidence
WITH pair AS (
    SELECT s.source, o.source AS other, (array_agg(r.base ORDER BY r.base))[1] AS base,
        (array_agg(r.quote ORDER BY r.base))[1] AS quote, min(r.first) AS first, max(r.last) AS last
    FROM unnest(%(sources)s::text[]) WITH ORDINALITY AS s (source, place)
    JOIN unnest(%(sources)s::text[]) WITH ORDINALITY AS o (source, place) ON o.place > s.place
    JOIN mart.rate_coverage AS r ON r.source IN (s.source, o.source)
    GROUP BY s.source, o.source, least(r.base, r.quote), greatest(r.base, r.quote)
),
both_say AS (
    SELECT p.source, p.other, p.base, p.quote, a.rate_date, a.num / a.den AS rate, b.num / b.den AS other_rate,
        abs(a.num / a.den / (b.num / b.den) - 1) AS gap
    FROM pair AS p
    CROSS JOIN LATERAL mart.fx_routes(p.base, p.quote, p.first, p.last, ARRAY[p.source], NULL, false) AS a
    JOIN LATERAL mart.fx_routes(p.base, p.quote, p.first, p.last, ARRAY[p.other], NULL, false) AS b
        ON b.rate_date = a.rate_date
)
SELECT b.base || '/' || b.quote || ' ' || b.source || ' ' || b.other, b.rate_date, jsonb_build_object(
    b.source, round(b.rate, 10), b.other, round(b.other_rate, 10), 'gap_percent', round(100 * b.gap, 4),
    'median_60_days_percent', round(100 * m.median::numeric, 4))
FROM (
    SELECT s.*, array_agg(s.gap::float8) OVER (
        PARTITION BY s.source, s.other, s.base, s.quote ORDER BY s.rate_date
        RANGE BETWEEN '60 days' PRECEDING AND '1 day' PRECEDING) AS gaps
    FROM both_say AS s
) AS b
CROSS JOIN LATERAL (
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY g.gap) AS median FROM unnest(b.gaps) AS g (gap)
) AS m
WHERE b.gap > 0.02 OR b.gap > 0.0005 AND b.gap > 3 * m.median::numeric
