-- Positions valued on a day: quantity x raw close of the last session on or before it x the rate of the day. A position
-- that cannot be valued has a reason instead of a value. `CASH:USD` is an amount of money.
-- params: symbols, quantities, on, known_at, to, to_per, max_price_age, sources, max_age, pegs
-- returns: symbol, quantity, price, price_date, unit, rate, rate_date, value, reason, local_value
WITH position AS (
    SELECT p.symbol, p.quantity, p.n, i.instrument_id, i.mic, p.symbol LIKE 'CASH:%%' AS cash,
        substr(p.symbol, 6) AS money
    FROM unnest(%(symbols)s::text[], %(quantities)s::numeric[]) WITH ORDINALITY AS p (symbol, quantity, n)
    LEFT JOIN mart.instrument AS i ON i.symbol = p.symbol
),
priced AS (
    SELECT p.*, coalesce(b.close, CASE WHEN p.cash AND u.unit IS NOT NULL THEN 1 END) AS price, b.session, u.unit, u.currency, u.per,
        CASE
            WHEN p.cash AND u.unit IS NULL THEN 'unknown_currency'
            WHEN p.cash THEN NULL
            WHEN p.instrument_id IS NULL THEN 'unknown_symbol'
            WHEN b.close IS NULL THEN 'no_price'
            WHEN b.basis <> 'r' THEN 'basis'
            WHEN mart.sessions_between(p.mic, b.session, %(on)s::date) > %(max_price_age)s THEN 'price_too_old'
        END AS reason
    FROM position AS p
    LEFT JOIN LATERAL (  -- the last raw bar; where there is none, the last of any basis, to say so
        SELECT 1 AS choice, r.* FROM mart.bar_until(
            p.instrument_id, %(on)s::date, 'r', 0, %(known_at)s::timestamptz) AS r
        UNION ALL
        SELECT 2, a.* FROM mart.bar_until(
            p.instrument_id, %(on)s::date, NULL, 0, %(known_at)s::timestamptz) AS a
        ORDER BY choice LIMIT 1
    ) AS b ON NOT p.cash
    LEFT JOIN mart.price_unit AS u ON CASE WHEN p.cash THEN u.unit = p.money ELSE u.unit_id = b.unit_id END
),
rate AS MATERIALIZED (
    SELECT c.currency, r.rate, r.rate_date, r.missing
    FROM (SELECT DISTINCT currency FROM priced WHERE currency IS NOT NULL) AS c
    CROSS JOIN LATERAL mart.fx_rates(
        c.currency, %(to)s, %(on)s::date, %(on)s::date, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0,
        %(pegs)s, false) AS r
)
SELECT p.symbol, p.quantity, trim_scale(p.price), p.session, p.unit, mart.significant(r.rate, 12), r.rate_date,
    CASE WHEN p.reason IS NULL THEN mart.money(p.quantity * p.price * r.rate * %(to_per)s / p.per) END,
    coalesce(p.reason, r.missing), mart.money(p.quantity * p.price)
FROM priced AS p
LEFT JOIN rate AS r USING (currency)
ORDER BY p.n
