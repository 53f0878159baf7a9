-- One session's summary per exchange and listing currency, and of all together (`whole`). An exchange's session is its last
-- one on or before the day, of which any instrument has a bar. Up, down and unchanged by the price in its own currency;
-- returns (8 decimals) and turnover in the target currency, or in the group's own.
-- params: on, adjust, to, to_per, known_at, sources, max_age, pegs
-- returns: whole, exchange, currency, date, instruments, advancers, decliners, unchanged, compared, average_return, median_return, turnover, without_turnover, best, best_return, worst, worst_return, left_out, missing
WITH move AS MATERIALIZED (
    SELECT m.*, max(m.session) FILTER (WHERE m.missing IS NULL OR m.missing NOT IN ('no_price', 'price_too_old'))
        OVER (PARTITION BY m.mic) AS day
    FROM mart.moves(
        %(on)s::date, 1, NULL, %(adjust)s, %(to)s, %(known_at)s::timestamptz, %(sources)s::text[], %(max_age)s, %(pegs)s
    ) AS m
),
judged AS (
    SELECT m.symbol, m.mic, m.currency, m.day, m.session, m.local, m.turnover, m.session = m.day AS present,
        CASE WHEN m.missing IS NULL THEN trim_scale(round(m.total, 8)) END AS total,
        CASE
            WHEN m.missing IN ('no_price', 'price_too_old') THEN m.missing
            WHEN m.session < m.day THEN 'no_bar'
            ELSE m.missing
        END AS reason
    FROM move AS m
)
SELECT grouping(j.mic) = 1, j.mic, j.currency,
    CASE WHEN grouping(j.mic) = 0 THEN max(j.session) FILTER (WHERE j.present) END,
    count(*) FILTER (WHERE j.present),
    count(*) FILTER (WHERE j.present AND j.local > 0), count(*) FILTER (WHERE j.present AND j.local < 0),
    count(*) FILTER (WHERE j.present AND j.local = 0), count(*) FILTER (WHERE j.reason IS NULL),
    trim_scale(round(avg(j.total) FILTER (WHERE j.reason IS NULL), 8)),
    trim_scale(round((
        (array_agg(j.total ORDER BY j.total) FILTER (WHERE j.reason IS NULL))[
            (count(*) FILTER (WHERE j.reason IS NULL) + 1) / 2]
        + (array_agg(j.total ORDER BY j.total) FILTER (WHERE j.reason IS NULL))[
            count(*) FILTER (WHERE j.reason IS NULL) / 2 + 1]) / 2, 8)),
    mart.money(sum(j.turnover * %(to_per)s) FILTER (WHERE j.present)),
    count(*) FILTER (WHERE j.present AND j.turnover IS NULL),
    (array_agg(j.symbol ORDER BY j.total DESC, j.symbol) FILTER (WHERE j.reason IS NULL))[1],
    max(j.total) FILTER (WHERE j.reason IS NULL),
    (array_agg(j.symbol ORDER BY j.total, j.symbol) FILTER (WHERE j.reason IS NULL))[1],
    min(j.total) FILTER (WHERE j.reason IS NULL),
    count(*) FILTER (WHERE j.reason IS NOT NULL),
    CASE WHEN grouping(j.mic) = 1 THEN jsonb_agg(
        jsonb_build_object('symbol', j.symbol, 'exchange', j.mic, 'date', j.session, 'reason', j.reason)
        ORDER BY j.reason, j.symbol) FILTER (WHERE j.reason IS NOT NULL) END
FROM judged AS j
GROUP BY GROUPING SETS ((j.mic, j.currency), ())
ORDER BY 1, j.mic NULLS LAST, j.currency
