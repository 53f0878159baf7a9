-- Bars of one instrument on one basis: adjusted, converted at their own session's rate, then aggregated by period.
-- Prices in the target unit (`to` null: the listing unit, as published); rates between currencies, 12 digits.
-- params: instrument_id, first, last, known_at, basis, adjust, period, mic, to, to_unit, to_per, sources, max_age, pegs, receipts, published_at
-- returns: date, open, high, low, close, volume, rate, rate_date, source, missing, partial, receipt
WITH bar AS MATERIALIZED (
    SELECT b.session, u.unit, u.currency, u.per, b.open, b.high, b.low, b.close, b.volume,
        a.num, a.den, a.shares_num, a.shares_den, a.missing
    FROM mart.bars(%(instrument_id)s, %(first)s::date, %(last)s::date, %(known_at)s::timestamptz) AS b
    JOIN mart.price_unit AS u USING (unit_id)
    JOIN mart.adjustments(
        %(instrument_id)s, %(adjust)s, %(known_at)s::timestamptz, %(sources)s::text[], %(max_age)s, %(pegs)s) AS a
        ON b.session BETWEEN a.from_day AND a.to_day
    WHERE b.basis = %(basis)s::"char"
),
span AS (
    SELECT currency, min(session) AS first, max(session) AS last FROM bar
    WHERE %(to)s::text IS NOT NULL
    GROUP BY currency
),
fx AS MATERIALIZED (
    SELECT s.currency, r.*
    FROM span AS s
    CROSS JOIN LATERAL mart.fx_rates(
        s.currency, %(to)s, s.first, s.last, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0, %(pegs)s,
        %(receipts)s) AS r
),
converted AS (
    SELECT b.session, b.unit, b.per, f.day IS NOT NULL AS rated, f.rate, f.rate_date, f.source, f.legs,
        CASE WHEN %(to)s::text IS NULL THEN b.missing ELSE coalesce(f.missing, b.missing) END AS missing,
        CASE
            WHEN b.missing IS NOT NULL THEN NULL
            WHEN %(to)s::text IS NULL THEN round(b.num, 40) / b.den
            ELSE round(b.num * %(to_per)s, 40) * f.rate / (b.den * b.per)
        END AS factor,
        b.open, b.high, b.low, b.close, b.volume * b.shares_num / b.shares_den AS volume
    FROM bar AS b
    LEFT JOIN fx AS f ON f.day = b.session AND f.currency = b.currency
),
priced AS (
    SELECT c.session, c.unit, c.per, c.rate, c.rate_date, c.source, c.legs, c.missing, c.volume,
        c.open * c.factor AS open, c.high * c.factor AS high, c.low * c.factor AS low, c.close * c.factor AS close,
        date_trunc(%(period)s, c.session)::date AS period
    FROM converted AS c
),
aggregated AS (
    SELECT p.period, max(p.session) AS session, (array_agg(p.unit ORDER BY p.session DESC))[1] AS unit,
        (array_agg(p.per ORDER BY p.session DESC))[1] AS per,
        (array_agg(p.open ORDER BY p.session))[1] AS open, max(p.high) AS high, min(p.low) AS low,
        (array_agg(p.close ORDER BY p.session DESC))[1] AS close, sum(p.volume) AS volume,
        (array_agg(p.rate ORDER BY p.session DESC))[1] AS rate,
        (array_agg(p.rate_date ORDER BY p.session DESC))[1] AS rate_date,
        (array_agg(p.source ORDER BY p.session DESC))[1] AS source,
        (array_agg(p.legs ORDER BY p.session DESC))[1] AS legs, min(p.missing) AS missing
    FROM priced AS p
    WHERE %(period)s <> 'day'
    GROUP BY p.period
    UNION ALL
    SELECT p.period, p.session, p.unit, p.per, p.open, p.high, p.low, p.close, p.volume, p.rate, p.rate_date, p.source,
        p.legs, p.missing
    FROM priced AS p
    WHERE %(period)s = 'day'
)
SELECT a.session,
    CASE WHEN a.missing IS NULL THEN mart.price_shown(a.open, %(to)s IS NULL AND %(adjust)s = 'none') END,
    CASE WHEN a.missing IS NULL THEN mart.price_shown(a.high, %(to)s IS NULL AND %(adjust)s = 'none') END,
    CASE WHEN a.missing IS NULL THEN mart.price_shown(a.low, %(to)s IS NULL AND %(adjust)s = 'none') END,
    CASE WHEN a.missing IS NULL THEN mart.price_shown(a.close, %(to)s IS NULL AND %(adjust)s = 'none') END,
    trim_scale(round(a.volume, 6)), mart.significant(a.rate, 12), a.rate_date, a.source, a.missing,
    %(period)s <> 'day' AND (
        %(first)s::date > a.period AND %(first)s::date > '-infinity'
        OR EXISTS (
            SELECT FROM mart.session AS s
            WHERE s.mic = %(mic)s AND s.session > a.session
                AND s.session < a.period + CASE %(period)s WHEN 'week' THEN interval '7 days' ELSE interval '1 month' END)
        OR %(mic)s::text IS NULL AND a.session < (
            SELECT max(d)::date FROM generate_series(
                a.period, a.period + CASE %(period)s WHEN 'week' THEN interval '6 days'
                    ELSE interval '1 month - 1 day' END, interval '1 day') AS d
            WHERE extract(isodow FROM d) < 6)),
    CASE WHEN %(receipts)s AND a.rate IS NOT NULL THEN jsonb_build_object(
        'from', a.unit, 'to', %(to_unit)s::text, 'on', a.session, 'rate', mart.significant(a.rate, 12),
        'rate_date', a.rate_date, 'age_days', a.session - a.rate_date, 'source', a.source, 'legs', a.legs,
        'unit', jsonb_build_object('from_per', a.per, 'to_per', %(to_per)s::integer),
        'known_at', %(published_at)s::timestamptz) END
FROM aggregated AS a
ORDER BY a.session
