-- The watched instruments by total return over a window, the best first (gainers) or the worst first; those that cannot be
-- judged come last, with a reason. Returns with 8 decimals; close in the target unit. As known now it is read from the
-- latest cross-section.
-- params: on, back, before, adjust, to, to_per, known_at, sources, max_age, pegs, losers, limit
-- returns: rank, symbol, date, base, close, local, fx, total, missing
WITH move AS (
    SELECT m.symbol, m.session, m.base, m.close, m.local, m.fx, m.total, m.missing
    FROM mart.ranking(
        %(on)s::date, CASE WHEN %(before)s::date IS NULL THEN %(back)s ELSE 0 END::smallint, %(adjust)s, %(to)s, %(losers)s,
        %(limit)s, %(sources)s::text[], %(max_age)s, %(pegs)s) AS m
    WHERE %(known_at)s::timestamptz IS NULL
    UNION ALL
    SELECT m.symbol, m.session, m.base, m.close, m.local, m.fx, m.total, m.missing
    FROM mart.moves(
        %(on)s::date, %(back)s::integer, %(before)s::date, %(adjust)s, %(to)s, %(known_at)s::timestamptz,
        %(sources)s::text[], %(max_age)s, %(pegs)s) AS m
    WHERE %(known_at)s::timestamptz IS NOT NULL
)
SELECT CASE WHEN r.missing IS NULL THEN r.place END, r.symbol, r.session, r.base, r.close, r.local, r.fx, r.total, r.missing
FROM (
    SELECT m.symbol, m.session, m.base, mart.money(m.close * %(to_per)s) AS close, trim_scale(round(m.local, 8)) AS local,
        trim_scale(round(m.fx, 8)) AS fx, trim_scale(round(m.total, 8)) AS total, m.missing,
        row_number() OVER (
            ORDER BY m.missing IS NOT NULL, CASE WHEN %(losers)s THEN m.total ELSE -m.total END, m.symbol) AS place
    FROM move AS m
) AS r
WHERE r.missing IS NOT NULL OR r.place <= %(limit)s
ORDER BY r.place
