-- Bars of one instrument on one basis: adjusted, converted at their own session's rate, then aggregated by period.
-- Prices in the unit `to_unit`; bars already in it are as published unless a currency was asked for (`asked`). Rates
-- between currencies, 12 digits.
-- params: instrument_id, first, last, known_at, basis, adjust, period, mic, asked, to, to_unit, to_per, sources, max_age, pegs, receipts
-- returns: date, open, high, low, close, volume, rate, rate_date, source, missing, partial, receipt
WITH bar AS MATERIALIZED (
    SELECT b.session, u.unit, u.currency, u.per, %(asked)s OR u.unit <> %(to_unit)s AS converting, b.open, b.high, b.low,
        b.close, b.volume, a.num, a.den, a.shares_num, a.shares_den, a.missing
    FROM mart.adjustments(
        %(instrument_id)s, %(adjust)s, %(known_at)s::timestamptz, %(sources)s::text[], %(max_age)s, %(pegs)s) AS a
    CROSS JOIN LATERAL mart.bars(  -- of each span by itself: else every bar is compared with every span
        %(instrument_id)s, greatest(%(first)s::date, a.from_day), least(%(last)s::date, a.to_day),
        %(known_at)s::timestamptz) AS b
    JOIN mart.price_unit AS u USING (unit_id)
    WHERE b.basis = %(basis)s::"char"
),
span AS (
    SELECT currency, min(session) AS first, max(session) AS last FROM bar
    WHERE converting
    GROUP BY currency
    LIMIT (SELECT count(*) FROM mart.currency)  -- never fewer; unlimited, 200 currencies are planned for, and batches on disk
),
fx AS MATERIALIZED (
    SELECT s.currency, r.*
    FROM span AS s
    CROSS JOIN LATERAL mart.fx_rates(
        s.currency, %(to)s, s.first, s.last, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0, %(pegs)s,
        %(receipts)s) AS r
),
converted AS (
    SELECT b.session, b.unit, b.per, f.rate, f.rate_date, f.source, f.legs, coalesce(f.missing, b.missing) AS missing,
        CASE
            WHEN b.missing IS NOT NULL THEN NULL
            WHEN NOT b.converting THEN round(b.num, 40) / b.den
            WHEN b.den * b.per = 1 THEN f.rate * b.num * %(to_per)s
            ELSE f.rate * b.num * %(to_per)s / (b.den * b.per)
        END AS factor,
        b.open, b.high, b.low, b.close,
        CASE WHEN b.shares_num = b.shares_den THEN b.volume ELSE round(b.volume * b.shares_num, 12) / b.shares_den END AS volume
    FROM bar AS b
    LEFT JOIN fx AS f ON b.converting AND f.day = b.session AND f.currency = b.currency
    OFFSET 0  -- else the factor is computed once for each of the four prices
),
priced AS NOT MATERIALIZED (
    SELECT c.session, c.unit, c.per, c.rate, c.rate_date, c.source, c.legs, c.missing, c.volume,
        c.open * c.factor AS open, c.high * c.factor AS high, c.low * c.factor AS low, c.close * c.factor AS close,
        CASE %(period)s WHEN 'day' THEN c.session ELSE date_trunc(%(period)s, c.session::timestamp)::date END AS period
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
    CASE WHEN a.missing IS NULL THEN mart.price_shown(a.open, NOT %(asked)s AND %(adjust)s = 'none' AND a.unit = %(to_unit)s) END,
    CASE WHEN a.missing IS NULL THEN mart.price_shown(a.high, NOT %(asked)s AND %(adjust)s = 'none' AND a.unit = %(to_unit)s) END,
    CASE WHEN a.missing IS NULL THEN mart.price_shown(a.low, NOT %(asked)s AND %(adjust)s = 'none' AND a.unit = %(to_unit)s) END,
    CASE WHEN a.missing IS NULL THEN mart.price_shown(a.close, NOT %(asked)s AND %(adjust)s = 'none' AND a.unit = %(to_unit)s) END,
    trim_scale(round(a.volume, 6)), mart.significant(a.rate, 12), a.rate_date, a.source, a.missing,
    %(period)s <> 'day' AND (
        %(first)s::date > a.period
        OR CASE WHEN e.covered_from <= a.session AND e.covered_to >= a.last_day
            THEN EXISTS (
                SELECT FROM mart.session AS s
                WHERE s.mic = %(mic)s AND s.session > a.session AND s.session <= a.last_day)
            -- where no calendar tells: until a later bar or the period's last weekday is there
            ELSE a.session < a.last_weekday AND (
                %(last)s::date < a.last_weekday
                OR NOT EXISTS (
                    SELECT FROM mart.bars(
                        %(instrument_id)s, a.last_day + 1, 'infinity', %(known_at)s::timestamptz)))
        END),
    CASE WHEN %(receipts)s AND a.rate IS NOT NULL THEN jsonb_build_object(
        'from', a.unit, 'to', %(to_unit)s::text, 'on', a.session, 'rate', mart.significant(a.rate, 12),
        'rate_date', a.rate_date, 'age_days', a.session - a.rate_date, 'source', a.source, 'legs', a.legs,
        'unit', jsonb_build_object('from_per', a.per, 'to_per', %(to_per)s::integer)) END
FROM (
    SELECT g.*, d.last_day, d.last_day - greatest(extract(isodow FROM d.last_day)::integer - 5, 0) AS last_weekday
    FROM aggregated AS g
    CROSS JOIN LATERAL (
        SELECT CASE %(period)s WHEN 'week' THEN g.period + 6 ELSE (g.period + interval '1 month - 1 day')::date END AS last_day
    ) AS d
) AS a
LEFT JOIN mart.exchange AS e ON e.mic = %(mic)s
ORDER BY a.session
