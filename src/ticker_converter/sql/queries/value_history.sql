-- Positions valued on each of many days: quantity x raw close of the last session on or before the day x the rate of the
-- day. A quantity is as held on the last of the days: before a split it was as many times less. `CASH:USD` is money.
-- params: symbols, quantities, days, first, last, known_at, to, to_per, max_price_age, sources, max_age, pegs
-- returns: day, total, valued, given, left_out
WITH position AS MATERIALIZED (
    SELECT p.symbol, p.quantity, p.n, i.instrument_id, i.mic, p.symbol LIKE 'CASH:%%' AS cash,
        substr(p.symbol, 6) AS money
    FROM unnest(%(symbols)s::text[], %(quantities)s::numeric[]) WITH ORDINALITY AS p (symbol, quantity, n)
    LEFT JOIN mart.instrument AS i ON i.symbol = p.symbol
),
split AS MATERIALIZED (
    SELECT h.instrument_id, a.from_day, a.to_day, a.shares_num, a.shares_den
    FROM (SELECT DISTINCT p.instrument_id FROM position AS p WHERE p.instrument_id IS NOT NULL) AS h
    CROSS JOIN LATERAL mart.adjustments(
        h.instrument_id, 'splits', %(known_at)s::timestamptz, %(sources)s::text[], %(max_age)s, %(pegs)s) AS a
),
day AS (
    SELECT d.day FROM unnest(%(days)s::date[]) AS d (day)
),
priced AS MATERIALIZED (
    SELECT d.day, p.symbol, p.n, u.currency, u.per,
        coalesce(b.close, CASE WHEN p.cash AND u.unit IS NOT NULL THEN 1 END) AS price,
        CASE WHEN p.cash THEN p.quantity
            ELSE round(p.quantity, 40) * s.shares_den * e.shares_num / (s.shares_num * e.shares_den) END AS quantity,
        CASE
            WHEN p.cash AND u.unit IS NULL THEN 'unknown_currency'
            WHEN p.cash THEN NULL
            WHEN p.instrument_id IS NULL THEN 'unknown_symbol'
            WHEN b.close IS NULL THEN 'no_price'
            WHEN b.basis <> 'r' THEN 'basis'
            WHEN mart.sessions_between(p.mic, b.session, d.day) > %(max_price_age)s THEN 'price_too_old'
        END AS reason
    FROM day AS d
    CROSS JOIN position AS p
    LEFT JOIN LATERAL (
        SELECT 1 AS choice, r.* FROM mart.bar_until(p.instrument_id, d.day, 'r', 0, %(known_at)s::timestamptz) AS r
        UNION ALL
        SELECT 2, a.* FROM mart.bar_until(p.instrument_id, d.day, NULL, 0, %(known_at)s::timestamptz) AS a
        ORDER BY choice LIMIT 1
    ) AS b ON NOT p.cash
    LEFT JOIN mart.price_unit AS u ON CASE WHEN p.cash THEN u.unit = p.money ELSE u.unit_id = b.unit_id END
    -- scaled at the session of the price: a close before a split is of fewer shares, on a day after it as well
    LEFT JOIN split AS s ON s.instrument_id = p.instrument_id AND b.session BETWEEN s.from_day AND s.to_day
    LEFT JOIN split AS e ON e.instrument_id = p.instrument_id AND %(last)s::date BETWEEN e.from_day AND e.to_day
),
rate AS MATERIALIZED (
    SELECT c.currency, r.day, r.rate, r.missing
    FROM (SELECT DISTINCT x.currency FROM priced AS x WHERE x.currency IS NOT NULL) AS c
    CROSS JOIN LATERAL mart.fx_rates(
        c.currency, %(to)s, %(first)s::date, %(last)s::date, %(sources)s::text[], %(max_age)s,
        %(known_at)s::timestamptz, 0, %(pegs)s, false) AS r
),
valued AS (
    SELECT p.day, p.symbol, p.n, coalesce(p.reason, r.missing) AS reason,
        CASE WHEN p.reason IS NULL THEN mart.money(p.quantity * p.price * r.rate * %(to_per)s / p.per) END AS value
    FROM priced AS p
    LEFT JOIN rate AS r ON r.currency = p.currency AND r.day = p.day
)
SELECT v.day, coalesce(sum(v.value) FILTER (WHERE v.reason IS NULL), 0), count(*) FILTER (WHERE v.reason IS NULL), count(*),
    coalesce(
        jsonb_agg(jsonb_build_object('symbol', v.symbol, 'reason', v.reason) ORDER BY v.n)
            FILTER (WHERE v.reason IS NOT NULL), '[]')
FROM valued AS v
GROUP BY v.day
ORDER BY v.day
