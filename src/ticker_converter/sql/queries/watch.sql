-- A page of the watch list by symbol: the last close as traded and converted at its session's rate, how far it moved from
-- the session before in parts (local, fx, total; 8 decimals), its last closes in the target unit adjusted for splits
-- (6 digits, to be drawn), and how far it is behind its exchange. A row that cannot be judged has a reason in `missing`.
-- params: after, limit, found, bars, to, to_per, sources, max_age, pegs
-- returns: symbol, name, mic, kind, unit, date, close, value, rate, rate_date, source, base_date, local, fx, total, missing, sessions_behind, spark
WITH page AS MATERIALIZED (
    SELECT i.instrument_id, i.symbol, i.name, i.mic, i.kind, i.unit, i.last_session
    FROM mart.instrument AS i
    WHERE i.watched AND (%(after)s::text IS NULL OR i.symbol > %(after)s)
        AND (%(found)s::text IS NULL OR position(upper(%(found)s) IN upper(i.symbol)) > 0
            OR position(upper(%(found)s) IN upper(coalesce(i.name, ''))) > 0)
    ORDER BY i.symbol
    LIMIT %(limit)s
),
bar AS MATERIALIZED (
    SELECT p.instrument_id, b.session, b.basis, b.close, u.unit, u.currency, u.per,
        row_number() OVER (PARTITION BY p.instrument_id ORDER BY b.session DESC) AS n,
        first_value(b.basis) OVER (PARTITION BY p.instrument_id ORDER BY b.session DESC) AS last_basis,
        first_value(u.currency) OVER (PARTITION BY p.instrument_id ORDER BY b.session DESC) AS last_currency
    FROM page AS p
    CROSS JOIN LATERAL (
        SELECT x.session, x.basis, x.close, x.unit_id FROM mart.price AS x
        WHERE x.instrument_id = p.instrument_id ORDER BY x.session DESC LIMIT greatest(%(bars)s, 2)
    ) AS b
    JOIN mart.price_unit AS u USING (unit_id)
),
split AS MATERIALIZED (  -- the few with a split among these bars: only for them are all actions worked out
    SELECT s.instrument_id, a.*
    FROM (
        SELECT b.instrument_id, min(b.session) AS first, max(b.session) AS last FROM bar AS b
        WHERE b.last_basis = 'r' GROUP BY b.instrument_id
    ) AS s
    CROSS JOIN LATERAL mart.adjustments(
        s.instrument_id, 'splits', NULL, %(sources)s::text[], %(max_age)s, %(pegs)s) AS a
    WHERE EXISTS (
        SELECT FROM mart.corporate_action AS c
        WHERE c.instrument_id = s.instrument_id AND c.kind <> 'dividend' AND c.ex_date > s.first AND c.ex_date <= s.last)
),
rate AS MATERIALIZED (
    SELECT s.currency, r.day, r.rate, r.rate_date, r.source, r.missing
    FROM (SELECT b.currency, min(b.session) AS first, max(b.session) AS last FROM bar AS b GROUP BY b.currency) AS s
    CROSS JOIN LATERAL mart.fx_rates(
        s.currency, %(to)s, s.first, s.last, %(sources)s::text[], %(max_age)s, NULL, 0, %(pegs)s, false) AS r
),
told AS MATERIALIZED (
    SELECT b.*, round(b.close, 40) * coalesce(s.num, 1) / (coalesce(s.den, 1) * b.per) AS adjusted, r.rate, r.rate_date,
        r.source, r.missing
    FROM bar AS b
    LEFT JOIN split AS s ON s.instrument_id = b.instrument_id AND b.session BETWEEN s.from_day AND s.to_day
    LEFT JOIN rate AS r ON r.currency = b.currency AND r.day = b.session
    WHERE b.basis = b.last_basis AND b.currency = b.last_currency
),
spark AS (
    SELECT t.instrument_id,
        array_agg(mart.significant(t.adjusted * t.rate * %(to_per)s, 6) ORDER BY t.session) AS closes
    FROM told AS t
    WHERE t.n <= %(bars)s
    GROUP BY t.instrument_id
),
behind AS MATERIALIZED (
    SELECT d.mic, d.last_session, (
        SELECT count(*) FROM mart.session AS s
        WHERE s.mic = d.mic AND s.session > d.last_session AND s.closes_at < clock_timestamp()) AS sessions
    FROM (SELECT DISTINCT p.mic, p.last_session FROM page AS p WHERE p.last_session IS NOT NULL) AS d
    JOIN mart.exchange AS e USING (mic)
    WHERE e.covered_to >= current_date
)
SELECT p.symbol, p.name, p.mic, p.kind, coalesce(l.unit, p.unit), l.session, trim_scale(l.close),
    mart.money(l.close * l.rate * %(to_per)s / l.per), mart.significant(l.rate, 12), l.rate_date, l.source, b.session,
    trim_scale(round(v.local, 8)), trim_scale(round(v.fx, 8)), trim_scale(round((1 + v.local) * (1 + v.fx) - 1, 8)),
    CASE
        WHEN l.session IS NULL THEN 'no_price'
        WHEN l.rate IS NULL THEN coalesce(l.missing, 'no_rate')
        WHEN b.session IS NULL THEN 'too_few_sessions'
        WHEN b.rate IS NULL THEN coalesce(b.missing, 'no_rate')
    END,
    h.sessions, s.closes
FROM page AS p
LEFT JOIN told AS l ON l.instrument_id = p.instrument_id AND l.n = 1
LEFT JOIN told AS b ON b.instrument_id = p.instrument_id AND b.n = 2
LEFT JOIN spark AS s ON s.instrument_id = p.instrument_id
LEFT JOIN behind AS h ON h.mic = p.mic AND h.last_session = p.last_session
CROSS JOIN LATERAL (SELECT l.adjusted / b.adjusted - 1 AS local, round(l.rate, 60) / b.rate - 1 AS fx) AS v
ORDER BY p.symbol
