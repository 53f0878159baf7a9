-- One conversion with its receipt. result = amount / from_per x rate x to_per, computed with the full rate.
-- params: amount, from, from_per, to, to_per, day, sources, max_age, known_at, lag, pegs
-- returns: result, rate (12 significant digits), rate_date, age_days, source, missing, legs
SELECT mart.money(%(amount)s::numeric * r.rate * %(to_per)s / %(from_per)s), mart.significant(r.rate, 12), r.rate_date,
    %(day)s::date - r.rate_date, r.source, r.missing, r.legs
FROM mart.fx_rates(
    %(from)s, %(to)s, %(day)s::date, %(day)s::date, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz,
    %(lag)s, %(pegs)s, true
) AS r
