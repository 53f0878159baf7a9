-- The first and the last day on which the pair has a market rate: by one source, else by a join of two, else by pegs. And
-- the day before which nothing can be told of it: the first of these, else that of a law between the two, else the first of
-- which any rate is stored.
-- params: from, to, sources, known_at, pegs
-- returns: first, last, floor
WITH f AS (
    SELECT * FROM mart.currency_family WHERE code = %(from)s
),
t AS (
    SELECT * FROM mart.currency_family WHERE code = %(to)s
),
cut AS (
    SELECT '-infinity'::date AS day
    UNION SELECT successor_on FROM f WHERE successor_on IS NOT NULL
    UNION SELECT successor_on FROM t WHERE successor_on IS NOT NULL
),
span AS (  -- what the two codes stand for changes at a changeover
    SELECT CASE WHEN f.successor_on <= c.day THEN f.successor ELSE f.canonical END AS a,
        CASE WHEN t.successor_on <= c.day THEN t.successor ELSE t.canonical END AS b,
        c.day AS low, coalesce(lead(c.day) OVER (ORDER BY c.day) - 1, 'infinity') AS high
    FROM cut AS c, f, t
),
own AS MATERIALIZED (
    SELECT min(r.first) AS first, max(r.last) AS last
    FROM span AS s
    CROSS JOIN LATERAL mart.fx_span(s.a, s.b, s.low, s.high, %(sources)s::text[], %(known_at)s::timestamptz) AS r
    WHERE s.a <> s.b
),
joined AS MATERIALIZED (
    SELECT min(r.first) AS first, max(r.last) AS last
    FROM span AS s
    CROSS JOIN LATERAL mart.fx_joined_span(
        s.a, s.b, s.low, s.high, %(sources)s::text[], %(known_at)s::timestamptz) AS r
    WHERE s.a <> s.b AND (SELECT first FROM own) IS NULL
),
reading AS (
    SELECT c.near, p.anchor, p.valid_from AS low, coalesce(p.valid_to, 'infinity') AS high
    FROM (VALUES (%(from)s::text, true), (%(to)s, false)) AS c (code, near)
    JOIN mart.peg AS p ON p.currency = c.code
    UNION ALL
    VALUES (true, %(from)s::text, '-infinity'::date, 'infinity'::date), (false, %(to)s, '-infinity', 'infinity')
),
pegged AS (
    SELECT min(r.first) AS first, max(r.last) AS last
    FROM reading AS x
    JOIN reading AS y ON x.near AND NOT y.near AND x.anchor <> y.anchor
    CROSS JOIN LATERAL mart.fx_span(
        x.anchor, y.anchor, greatest(x.low, y.low), least(x.high, y.high), %(sources)s::text[],
        %(known_at)s::timestamptz) AS r
    WHERE %(pegs)s AND (SELECT first FROM own) IS NULL AND (SELECT first FROM joined) IS NULL
)
SELECT coalesce(own.first, joined.first, pegged.first), coalesce(own.last, joined.last, pegged.last),
    coalesce(
        least(coalesce(own.first, joined.first, pegged.first), law.first), (SELECT min(p.first) FROM mart.fx_pair AS p))
FROM own, joined, pegged, (
    SELECT min(l.effective) AS first FROM mart.legal_factor AS l
    WHERE %(from)s IN (l.old, l.new) AND %(to)s IN (l.old, l.new) AND %(from)s <> %(to)s
) AS law
