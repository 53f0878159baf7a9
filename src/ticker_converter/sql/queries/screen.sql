-- Watched instruments whose last raw close on or before a day, converted at its session's own rate, lies in a range (both
-- ends included; null: open), the lowest first; those that cannot be judged come last, with a reason.
-- params: on, to, to_per, lowest, highest, known_at, sources, max_age, pegs
-- returns: symbol, date, close, local_close, unit, rate, rate_date, source, missing
WITH latest AS MATERIALIZED (
    SELECT l.*, CASE WHEN l.missing IS NULL AND l.basis <> 'r' THEN 'basis' ELSE l.missing END AS reason
    FROM mart.latest(%(on)s::date, %(known_at)s::timestamptz) AS l
),
asked AS (
    SELECT currency, min(session) AS first, max(session) AS last FROM latest WHERE reason IS NULL GROUP BY currency
),
rate AS MATERIALIZED (
    SELECT a.currency, r.day, r.rate, r.rate_date, r.source, r.missing
    FROM asked AS a
    CROSS JOIN LATERAL mart.fx_rates(
        a.currency, %(to)s, a.first, a.last, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0, %(pegs)s,
        false) AS r
),
priced AS (
    SELECT l.symbol, l.session, mart.money(l.close * r.rate * %(to_per)s / l.per) AS close, l.close AS local_close, l.unit,
        mart.significant(r.rate, 12) AS rate, r.rate_date, r.source, coalesce(l.reason, r.missing) AS missing
    FROM latest AS l
    LEFT JOIN rate AS r ON r.currency = l.currency AND r.day = l.session AND l.reason IS NULL
)
SELECT p.symbol, p.session, p.close, trim_scale(p.local_close), p.unit, p.rate, p.rate_date, p.source, p.missing
FROM priced AS p
WHERE p.missing IS NOT NULL
    OR p.close >= coalesce(%(lowest)s::numeric, p.close) AND p.close <= coalesce(%(highest)s::numeric, p.close)
ORDER BY p.missing IS NOT NULL, p.close, p.symbol
