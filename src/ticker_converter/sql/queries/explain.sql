-- One number taken apart: V = P x A x R on a day as known at a time. P: raw close of the last session on or before the day,
-- in currency units; A: the adjustment factor asked for; F: the factor for splits and dividends (`unsure`: null where
-- a dividend after the session has no rate); R: the rate of the day.
-- params: instrument_id, on, known_at, adjust, to, to_per, sources, max_age, pegs
-- returns: session, price, factor, all_factor, rate, rate_date, source, missing, value, currency, unsure
WITH bar AS (
    SELECT b.session, b.close / u.per AS price, u.currency, b.basis
    FROM mart.bars(%(instrument_id)s, '-infinity', %(on)s::date, %(known_at)s::timestamptz) AS b
    JOIN mart.price_unit AS u USING (unit_id)
    WHERE b.basis::text = (SELECT mart.basis_of(%(instrument_id)s, %(known_at)s::timestamptz, %(adjust)s))
    ORDER BY b.session DESC LIMIT 1
),
factor AS (
    SELECT k.adjust, a.num, a.den, a.missing
    FROM bar
    CROSS JOIN (VALUES (%(adjust)s::text), ('all')) AS k (adjust)
    CROSS JOIN LATERAL mart.adjustments(
        %(instrument_id)s, CASE WHEN bar.basis = 'r' THEN k.adjust ELSE 'none' END, %(known_at)s::timestamptz,
        %(sources)s::text[], %(max_age)s, %(pegs)s) AS a
    WHERE bar.session BETWEEN a.from_day AND a.to_day
)
SELECT b.session, b.price, round(a.num, 40) / a.den, round(f.num, 40) / f.den, r.rate * %(to_per)s, r.rate_date,
    r.source, coalesce(r.missing, a.missing),
    mart.money(round(b.price * a.num, 40) / a.den * r.rate * %(to_per)s), b.currency, f.missing
FROM bar AS b
JOIN factor AS a ON a.adjust = %(adjust)s
JOIN factor AS f ON f.adjust = 'all'
CROSS JOIN LATERAL mart.fx_rates(
    b.currency, %(to)s, %(on)s::date, %(on)s::date, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0,
    %(pegs)s, false) AS r
LIMIT 1
