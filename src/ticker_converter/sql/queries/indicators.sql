-- Indicators of one instrument per session, over all that is stored up to `last`, so that a day's value depends neither on
-- `first` nor on later bars. One asked column per element of the arrays; `values` holds them in that order. Prices have 30
-- decimals before anything is computed; windows are exact sums (definitions: docs/reference/analytics.md).
-- params: instrument_id, first, last, adjust, to, to_per, known_at, sources, max_age, pegs, kinds, periods, slows, signals, widths, benchmarks
-- returns: date, close, missing, values
WITH asked AS MATERIALIZED (
    SELECT a.*
    FROM unnest(
        %(kinds)s::text[], %(periods)s::integer[], %(slows)s::integer[], %(signals)s::integer[], %(widths)s::numeric[],
        %(benchmarks)s::integer[]) WITH ORDINALITY AS a (kind, n, slow, signal, width, benchmark, col)
),
price AS MATERIALIZED (
    SELECT c.session, c.missing, row_number() OVER (ORDER BY c.session) AS at,
        CASE WHEN c.missing IS NULL THEN round(c.close * c.rate * %(to_per)s, 30) END AS price
    FROM mart.closes(
        %(instrument_id)s, '-infinity', %(last)s::date, %(adjust)s, %(to)s, %(known_at)s::timestamptz, %(sources)s::text[],
        %(max_age)s, %(pegs)s) AS c
),
basis AS MATERIALIZED (
    SELECT mart.basis_of(%(instrument_id)s, %(known_at)s::timestamptz, %(adjust)s) AS code
    WHERE EXISTS (SELECT FROM asked WHERE asked.kind = 'volume')
),
adjusted AS MATERIALIZED (
    SELECT b.code, a.*
    FROM basis AS b
    CROSS JOIN LATERAL mart.adjustments(
        %(instrument_id)s, CASE WHEN b.code = 'r' THEN %(adjust)s ELSE 'none' END, %(known_at)s::timestamptz,
        %(sources)s::text[], %(max_age)s, %(pegs)s) AS a
),
volume AS MATERIALIZED (
    SELECT b.session, round(b.volume * a.shares_num, 30) / a.shares_den AS volume
    FROM adjusted AS a
    JOIN mart.bars(%(instrument_id)s, '-infinity', %(last)s::date, %(known_at)s::timestamptz) AS b
        ON b.basis::text = a.code AND b.session BETWEEN a.from_day AND a.to_day
),
step AS MATERIALIZED (
    SELECT p.at, p.price, v.volume, p.price - lag(p.price) OVER w AS move,
        round(round(p.price, 60) / lag(p.price) OVER w - 1, 30) AS change
    FROM price AS p
    LEFT JOIN volume AS v USING (session)
    WINDOW w AS (ORDER BY p.at)
),
benchmark AS MATERIALIZED (
    SELECT m.benchmark, c.session, CASE WHEN c.missing IS NULL THEN round(c.close * c.rate, 30) END AS price
    FROM (SELECT DISTINCT asked.benchmark FROM asked WHERE asked.kind = 'beta') AS m
    CROSS JOIN LATERAL mart.closes(
        m.benchmark, '-infinity', %(last)s::date, %(adjust)s, %(to)s, %(known_at)s::timestamptz, %(sources)s::text[],
        %(max_age)s, %(pegs)s) AS c
),
common AS (
    SELECT b.benchmark, p.at, round(round(b.price, 60) / lag(b.price) OVER w - 1, 30) AS x,
        round(round(p.price, 60) / lag(p.price) OVER w - 1, 30) AS y
    FROM price AS p
    JOIN benchmark AS b USING (session)
    WINDOW w AS (PARTITION BY b.benchmark ORDER BY p.at)
),
sample AS (
    SELECT a.col, a.kind, a.n, a.width, s.at, NULL::numeric AS y,
        CASE WHEN a.kind = 'volume' THEN s.volume WHEN a.kind LIKE 'volatility%%' THEN s.change ELSE s.price END AS x
    FROM asked AS a
    CROSS JOIN step AS s
    WHERE a.kind IN ('sma', 'volume', 'volatility', 'volatility_annual', 'bollinger_upper', 'bollinger_lower')
    UNION ALL
    SELECT a.col, a.kind, a.n, a.width, c.at, CASE WHEN c.x IS NOT NULL THEN c.y END, CASE WHEN c.y IS NOT NULL THEN c.x END
    FROM asked AS a
    JOIN common AS c USING (benchmark)
    WHERE a.kind = 'beta'
),
running AS (
    SELECT s.col, s.kind, s.n, s.width, s.at, count(s.x) OVER w AS k, coalesce(sum(s.x) OVER w, 0) AS x,
        coalesce(sum(CASE WHEN s.kind NOT IN ('sma', 'volume') THEN s.x * s.x END) OVER w, 0) AS xx,
        coalesce(sum(s.y) OVER w, 0) AS y, coalesce(sum(s.x * s.y) OVER w, 0) AS xy
    FROM sample AS s
    WINDOW w AS (PARTITION BY s.col ORDER BY s.at)
),
framed AS (
    SELECT r.col, r.kind, r.n, r.width, r.at, r.k - lag(r.k, r.n, 0::bigint) OVER w AS k,
        r.x - lag(r.x, r.n, 0::numeric) OVER w AS x, r.xx - lag(r.xx, r.n, 0::numeric) OVER w AS xx,
        r.y - lag(r.y, r.n, 0::numeric) OVER w AS y, r.xy - lag(r.xy, r.n, 0::numeric) OVER w AS xy
    FROM running AS r
    WINDOW w AS (PARTITION BY r.col ORDER BY r.at)
),
smooth AS (
    SELECT a.col, a.kind, s.at,
        mart.smoothed(CASE WHEN a.kind = 'ema' THEN s.price ELSE abs(s.move) * (s.move > 0)::integer END, a.n,
            CASE a.kind WHEN 'ema' THEN 2 ELSE 1 END) OVER w AS up,
        mart.smoothed(CASE WHEN a.kind = 'rsi' THEN abs(s.move) * (s.move < 0)::integer END, a.n, 1) OVER w AS down
    FROM asked AS a
    CROSS JOIN step AS s
    WHERE a.kind IN ('ema', 'rsi')
    WINDOW w AS (PARTITION BY a.col ORDER BY s.at)
),
line AS (
    SELECT m.n, m.slow, m.signal, s.at,
        mart.smoothed(s.price, m.n, 2) OVER w - mart.smoothed(s.price, m.slow, 2) OVER w AS macd
    FROM (SELECT DISTINCT asked.n, asked.slow, asked.signal FROM asked WHERE asked.kind LIKE 'macd%%') AS m
    CROSS JOIN step AS s
    WINDOW w AS (PARTITION BY m.n, m.slow, m.signal ORDER BY s.at)
),
signalled AS (
    SELECT l.*, mart.smoothed(l.macd, l.signal, 2) OVER (PARTITION BY l.n, l.slow, l.signal ORDER BY l.at) AS average
    FROM line AS l
),
value AS (
    SELECT f.col, f.at, CASE f.kind
        WHEN 'sma' THEN mart.money(round(f.x, 30) / f.n)
        WHEN 'volume' THEN trim_scale(round(round(f.x, 30) / f.n, 6))
        WHEN 'volatility' THEN trim_scale(round(sqrt(round(f.n * f.xx - f.x * f.x, 60) / (f.n * (f.n - 1))), 8))
        WHEN 'volatility_annual' THEN trim_scale(round(sqrt(round(252 * (f.n * f.xx - f.x * f.x), 60) / (f.n * (f.n - 1))), 8))
        WHEN 'beta' THEN trim_scale(round(round(f.n * f.xy - f.x * f.y, 60) / nullif(f.n * f.xx - f.x * f.x, 0), 8))
        ELSE mart.money((f.x + CASE f.kind WHEN 'bollinger_upper' THEN f.width ELSE -f.width END
            * sqrt(round(f.n * f.xx - f.x * f.x, 60))) / f.n)
        END AS value
    FROM framed AS f
    WHERE f.k = f.n
    UNION ALL
    SELECT s.col, s.at, CASE s.kind WHEN 'ema' THEN mart.money(s.up)
        ELSE trim_scale(round(100 * s.up / nullif(s.up + s.down, 0), 8)) END
    FROM smooth AS s
    UNION ALL
    SELECT a.col, m.at, mart.money(CASE a.kind WHEN 'macd' THEN m.macd WHEN 'macd_signal' THEN m.average
        ELSE m.macd - m.average END)
    FROM asked AS a
    JOIN signalled AS m USING (n, slow, signal)
    WHERE a.kind LIKE 'macd%%'
    UNION ALL
    SELECT a.col, s.at,
        trim_scale(round(round(s.price, 60) / max(s.price) OVER (PARTITION BY a.col ORDER BY s.at) - 1, 8))
    FROM asked AS a
    CROSS JOIN step AS s
    WHERE a.kind = 'drawdown'
)
SELECT p.session, mart.money(p.price), p.missing, array_agg(v.value ORDER BY a.col)
FROM price AS p
CROSS JOIN asked AS a
LEFT JOIN value AS v ON v.at = p.at AND v.col = a.col
WHERE p.session >= %(first)s::date
GROUP BY p.session, p.price, p.missing
ORDER BY p.session
