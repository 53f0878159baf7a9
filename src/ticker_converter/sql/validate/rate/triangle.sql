-- Of the rates that passed the other rules: the guilty leg of a triangle, within one source and day, that misses closing
-- by more than 0.05 percent plus half a last digit of each leg. Guilty is the leg that moved most against its last stored
-- value; where none has one, no leg can be named and all that are new are held. A pair of a currency with itself must be 1.
-- params: none
-- returns: row_no, evidence
WITH RECURSIVE fresh AS (
    SELECT s.row_no, s.source_id, s.rate_date, s.base, s.quote, s.rate
    FROM pg_temp.stage_rate AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
),
pair AS (  -- what is stored of these sources, from one pair to the next without a scan of their rates
    SELECT s.source_id, n.base, n.quote
    FROM (SELECT DISTINCT f.source_id FROM fresh AS f) AS s
    CROSS JOIN LATERAL (
        SELECT r.base, r.quote FROM warehouse.fact_fx_rate AS r
        WHERE r.source_id = s.source_id ORDER BY r.base, r.quote LIMIT 1
    ) AS n
    UNION ALL
    SELECT p.source_id, n.base, n.quote
    FROM pair AS p
    CROSS JOIN LATERAL (
        SELECT r.base, r.quote FROM warehouse.fact_fx_rate AS r
        WHERE r.source_id = p.source_id AND (r.base, r.quote) > (p.base, p.quote) ORDER BY r.base, r.quote LIMIT 1
    ) AS n
),
several AS (  -- a triangle needs a leg that does not end in the source's pivot: all that do form a star
    SELECT f.source_id, f.rate_date
    FROM fresh AS f
    JOIN warehouse.dim_source AS c USING (source_id)
    WHERE c.pivot IS NULL OR c.pivot NOT IN (f.base, f.quote)
    UNION
    SELECT f.source_id, f.rate_date
    FROM fresh AS f
    JOIN (
        SELECT DISTINCT p.source_id
        FROM pair AS p
        JOIN warehouse.dim_source AS c USING (source_id)
        WHERE c.pivot NOT IN (p.base, p.quote)
    ) AS o USING (source_id)
),
leg AS (
    SELECT f.row_no, f.source_id, f.rate_date, f.base, f.quote, f.rate
    FROM fresh AS f
    JOIN several USING (source_id, rate_date)
    UNION ALL
    SELECT NULL, r.source_id, r.rate_date, r.base, r.quote, r.rate
    FROM several AS v
    JOIN warehouse.fact_fx_rate AS r USING (source_id, rate_date)
    WHERE NOT EXISTS (
        SELECT FROM fresh AS f
        WHERE f.source_id = r.source_id AND f.rate_date = r.rate_date AND f.base = r.base AND f.quote = r.quote)
),
way AS (  -- each leg both ways, with the relative weight of half its last digit
    SELECT row_no, source_id, rate_date, base AS a, quote AS b, rate AS value, base, quote, rate,
        0.5 * power(10::numeric, -scale(rate)) / rate AS blur
    FROM leg
    UNION ALL
    SELECT row_no, source_id, rate_date, quote, base, round(1, 40) / rate, base, quote, rate,
        0.5 * power(10::numeric, -scale(rate)) / rate
    FROM leg
),
side AS (  -- without currencies that have one partner only, which are in no triangle: of a star nothing is left
    SELECT w.*
    FROM (
        SELECT w.*, count(*) OVER (PARTITION BY w.source_id, w.rate_date, w.a) AS from_a,
            count(*) OVER (PARTITION BY w.source_id, w.rate_date, w.b) AS to_b
        FROM way AS w
    ) AS w
    WHERE w.from_a > 1 AND w.to_b > 1
),
broken AS (
    SELECT x.source_id, x.rate_date, x.a, x.b, y.b AS c, x.value * y.value * z.value - 1 AS gap,
        ARRAY[x.row_no, y.row_no, z.row_no] AS rows,
        ARRAY[x.base || '/' || x.quote, y.base || '/' || y.quote, z.base || '/' || z.quote] AS pairs
    FROM side AS x
    JOIN side AS y ON y.source_id = x.source_id AND y.rate_date = x.rate_date AND y.a = x.b AND y.b <> x.a
    JOIN side AS z ON z.source_id = x.source_id AND z.rate_date = x.rate_date AND z.a = y.b AND z.b = x.a
    WHERE x.a < x.b AND x.b < y.b
        AND abs(x.value * y.value * z.value - 1) > 0.0005 + x.blur + y.blur + z.blur
),
suspect AS (
    SELECT b.*, l.row_no, l.base, l.quote, l.rate, before.rate AS before,
        abs(l.rate / before.rate - 1) AS moved,
        count(*) OVER (PARTITION BY l.source_id, l.rate_date, l.base, l.quote) AS triangles
    FROM broken AS b
    JOIN leg AS l ON l.source_id = b.source_id AND l.rate_date = b.rate_date
        AND l.base || '/' || l.quote = ANY (b.pairs)
    LEFT JOIN LATERAL (
        SELECT r.rate FROM warehouse.fact_fx_rate AS r
        WHERE r.source_id = l.source_id AND r.base = l.base AND r.quote = l.quote AND r.rate_date < l.rate_date
        ORDER BY r.rate_date DESC LIMIT 1
    ) AS before ON true
),
judged AS (
    SELECT s.*, rank() OVER (
        PARTITION BY s.source_id, s.rate_date, s.a, s.b, s.c
        ORDER BY s.triangles DESC, s.moved DESC NULLS LAST) AS place
    FROM suspect AS s
)
SELECT row_no, jsonb_build_object(
    'triangle', jsonb_build_array(a, b, c), 'gap_percent', round(100 * gap, 6),
    'guilty', CASE WHEN count(*) OVER (PARTITION BY source_id, rate_date, a, b, c) = 1 THEN base || '/' || quote END,
    'last', before)
FROM judged
WHERE place = 1 AND row_no IS NOT NULL
UNION ALL
SELECT row_no, jsonb_build_object('pair', base || '/' || quote, 'rate', rate)
FROM fresh
WHERE base = quote AND rate <> 1
