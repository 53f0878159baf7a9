-- The rate of each calendar day, as converted with; rates with 12 significant digits, ages in calendar days.
-- params: from, to, first, last, sources, max_age, known_at, pegs
-- returns: date, rate, rate_date, age_days, source, missing
SELECT day, mart.significant(rate, 12), rate_date, day - rate_date, source, missing
FROM mart.fx_rates(
    %(from)s, %(to)s, %(first)s::date, %(last)s::date, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0,
    %(pegs)s, false
)
ORDER BY day
