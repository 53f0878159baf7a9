-- Returns from each stored session to the next, 8 decimals: local (price), fx = R1/R0 - 1, total = (1+local)(1+fx) - 1; the
-- last row, without a date, is the whole range.
-- params: instrument_id, base, end, adjust, to, known_at, sources, max_age, pegs
-- returns: date, local, fx, total, missing
WITH close AS MATERIALIZED (
    SELECT c.*, CASE WHEN bool_and(c.link IS NOT NULL) OVER later IS NOT FALSE THEN mart.product(c.link) OVER later END
            AS link_to_end
    FROM mart.closes(
        %(instrument_id)s, %(base)s::date, %(end)s::date, %(adjust)s, %(to)s, %(known_at)s::timestamptz,
        %(sources)s::text[], %(max_age)s, %(pegs)s) AS c
    WINDOW later AS (ORDER BY c.session DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
step AS (
    SELECT c.session, c.close, c.rate, c.missing, c.link, lag(c.close) OVER w AS close_before,
        lag(c.rate) OVER w AS rate_before, lag(c.missing) OVER w AS missing_before
    FROM close AS c
    WINDOW w AS (ORDER BY c.session)
    UNION ALL
    SELECT NULL, e.close, e.rate, e.missing, b.link_to_end, b.close, b.rate, b.missing
    FROM close AS b
    JOIN close AS e ON e.session = %(end)s::date
    WHERE b.session = %(base)s::date AND %(end)s::date > %(base)s::date
)
SELECT s.session,
    round(r.price - 1, 8), round(r.fx - 1, 8), round(r.price * r.fx - 1, 8), coalesce(s.missing, s.missing_before)
FROM step AS s
CROSS JOIN LATERAL (
    SELECT round(s.close, 60) / (s.close_before * s.link) AS price, round(s.rate * s.link, 60) / s.rate_before AS fx
) AS r
WHERE s.close_before IS NOT NULL OR s.missing_before IS NOT NULL
ORDER BY s.session NULLS LAST
