-- Whether a dividend with its ex-date after one session, and not after another, has no rate into the currency of the close
-- that it is measured by.
-- params: instrument_id, after, until, known_at, sources, max_age, pegs
-- returns: unconverted
SELECT EXISTS (
    SELECT
    FROM mart.actions(%(instrument_id)s, %(known_at)s::timestamptz) AS a
    JOIN mart.price_unit AS u USING (unit_id)
    CROSS JOIN LATERAL (
        SELECT b.unit_id
        FROM mart.bars(%(instrument_id)s, a.ex_date, %(until)s::date, %(known_at)s::timestamptz) AS b
        WHERE b.basis = 'r' ORDER BY b.session LIMIT 1
    ) AS c
    JOIN mart.price_unit AS m ON m.unit_id = c.unit_id
    CROSS JOIN LATERAL mart.fx_rates(
        u.currency, m.currency, a.ex_date, a.ex_date, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0,
        %(pegs)s, false) AS r
    WHERE a.kind = 'dividend' AND a.ex_date > %(after)s::date AND a.ex_date <= %(until)s::date AND r.rate IS NULL
) AS unconverted
