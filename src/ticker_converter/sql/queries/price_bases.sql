-- How many bars of each basis are stored in a range (r raw, s split-adjusted, a adjusted for dividends too).
-- params: instrument_id, first, last, known_at
-- returns: basis, bars
SELECT b.basis::text, count(*)
FROM mart.bars(%(instrument_id)s, %(first)s::date, %(last)s::date, %(known_at)s::timestamptz) AS b
GROUP BY b.basis
