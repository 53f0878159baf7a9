-- Rates of one pair and day that two sources see more than 2 percent apart, or three times further than the median of
-- the pair's last 60 days (and more than the triangle's own 0.05 percent).
-- params: sources
-- returns: subject, day, evidence
WITH covered AS MATERIALIZED (
    SELECT source, base, quote, first, last FROM mart.rate_coverage WHERE source = ANY (%(sources)s)
),
code AS MATERIALIZED (
    SELECT c.source, v.code, min(c.first) AS first, max(c.last) AS last
    FROM covered AS c
    CROSS JOIN LATERAL (VALUES (c.base), (c.quote)) AS v (code)
    GROUP BY c.source, v.code
),
pair AS MATERIALIZED (  -- of two sources in order: what either publishes, over the days on which both know both currencies
    SELECT s.source, o.source AS other, (array_agg(r.base ORDER BY r.base))[1] AS base,
        (array_agg(r.quote ORDER BY r.base))[1] AS quote, max(greatest(b.first, q.first)) AS first,
        min(least(b.last, q.last)) AS last
    FROM unnest(%(sources)s::text[]) WITH ORDINALITY AS s (source, place)
    JOIN unnest(%(sources)s::text[]) WITH ORDINALITY AS o (source, place) ON o.place > s.place
    JOIN covered AS r ON r.source IN (s.source, o.source)
    JOIN code AS b ON b.source IN (s.source, o.source) AND b.code = r.base
    JOIN code AS q ON q.source = b.source AND q.code = r.quote
    GROUP BY s.source, o.source, least(r.base, r.quote), greatest(r.base, r.quote)
    HAVING count(DISTINCT b.source) = 2 AND max(greatest(b.first, q.first)) <= min(least(b.last, q.last))
),
said AS MATERIALIZED (  -- once per pair and source: inside the join below it was worked out per day, for 5 minutes
    SELECT p.source, p.other, p.base, p.quote, v.who, r.rate_date, r.num / r.den AS rate
    FROM pair AS p
    CROSS JOIN LATERAL (VALUES (p.source), (p.other)) AS v (who)
    CROSS JOIN LATERAL mart.fx_routes(p.base, p.quote, p.first, p.last, ARRAY[v.who], NULL, false) AS r
),
both_say AS (
    SELECT d.*, abs(d.rate / d.other_rate - 1) AS gap
    FROM (
        SELECT a.source, a.other, a.base, a.quote, a.rate_date, max(a.rate) FILTER (WHERE a.who = a.source) AS rate,
            max(a.rate) FILTER (WHERE a.who = a.other) AS other_rate
        FROM said AS a
        GROUP BY a.source, a.other, a.base, a.quote, a.rate_date
        HAVING count(*) = 2
    ) AS d
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
