-- How many bars of each basis are stored in a range (r raw, s split-adjusted, a adjusted for dividends too), and whether it
-- is the one in which the whole series is given when it is adjusted so.
-- params: instrument_id, first, last, known_at, adjust
-- returns: basis, bars, gives, chosen
SELECT b.basis::text, count(*), mart.basis_gives(b.basis, %(adjust)s), b.basis::text = (
    SELECT mart.basis_of(%(instrument_id)s, %(known_at)s::timestamptz, %(adjust)s))
FROM mart.bars(%(instrument_id)s, %(first)s::date, %(last)s::date, %(known_at)s::timestamptz) AS b
GROUP BY b.basis
ORDER BY count(*) DESC, position(b.basis::text IN 'rsa')
