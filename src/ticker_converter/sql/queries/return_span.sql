-- The sessions between which returns are measured: the last on or before `first` (else the first after it), and the last
-- on or before `last`; and the listing's currency on that one.
-- params: instrument_id, first, last, known_at, adjust
-- returns: base, end, currency
SELECT
    coalesce(
        max(b.session) FILTER (WHERE b.session <= %(first)s::date), min(b.session) FILTER (WHERE b.session > %(first)s::date)),
    max(b.session), (array_agg(u.currency ORDER BY b.session DESC))[1]
FROM mart.bars(%(instrument_id)s, '-infinity', %(last)s::date, %(known_at)s::timestamptz) AS b
JOIN mart.price_unit AS u USING (unit_id)
WHERE b.basis::text = (  -- a subquery runs once, a bare call once per bar: 20 s for 24 years
    SELECT mart.basis_of(%(instrument_id)s, %(known_at)s::timestamptz, %(adjust)s))
