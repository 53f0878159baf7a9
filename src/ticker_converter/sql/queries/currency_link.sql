-- The rate of one day between two currencies.
-- params: from, to, on, sources, max_age, known_at, pegs
-- returns: rate
SELECT r.rate
FROM mart.fx_rates(
    %(from)s, %(to)s, %(on)s::date, %(on)s::date, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0,
    %(pegs)s, false) AS r
