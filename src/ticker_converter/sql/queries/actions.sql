-- Splits, spin-offs and dividends of one instrument, dividends converted at their ex-date where a currency is asked for.
-- params: instrument_id, known_at, to, to_per, sources, max_age, pegs, today
-- returns: ex_date, kind, value, unit, pay_date, type, source, applied, converted, rate, rate_date, missing
SELECT a.ex_date, a.kind,
    CASE WHEN a.kind = 'dividend' THEN trim_scale(a.amount)::text
        WHEN a.old = 1 THEN trim_scale(a.new)::text ELSE trim_scale(a.new) || '/' || trim_scale(a.old) END,
    CASE WHEN a.kind = 'dividend' THEN u.unit END, nullif(a.pay_date, 'infinity'), nullif(a.type, ''), a.source,
    a.ex_date <= c.last_session,
    mart.money(a.amount * r.rate * %(to_per)s / u.per), mart.significant(r.rate, 12), r.rate_date, r.missing
FROM mart.actions(%(instrument_id)s, %(known_at)s::timestamptz) AS a
CROSS JOIN (
    SELECT max(b.session) AS last_session
    FROM mart.bars(%(instrument_id)s, '-infinity', 'infinity', %(known_at)s::timestamptz) AS b
) AS c
LEFT JOIN mart.price_unit AS u USING (unit_id)
LEFT JOIN LATERAL (
    SELECT f.* FROM mart.fx_rates(
        u.currency, %(to)s, a.ex_date, a.ex_date, %(sources)s::text[], %(max_age)s, %(known_at)s::timestamptz, 0,
        %(pegs)s, false) AS f
    WHERE a.kind = 'dividend' AND %(to)s::text IS NOT NULL AND a.ex_date <= %(today)s::date
) AS r ON true
ORDER BY a.ex_date, a.kind, a.type
