-- The sessions between which returns are measured: the last on or before `first` (else the first after it), and the last
-- on or before `last`.
-- params: instrument_id, first, last, known_at
-- returns: base, end
SELECT
    coalesce(
        max(b.session) FILTER (WHERE b.session <= %(first)s::date), min(b.session) FILTER (WHERE b.session > %(first)s::date)),
    max(b.session)
FROM mart.bars(%(instrument_id)s, '-infinity', %(last)s::date, %(known_at)s::timestamptz) AS b
WHERE b.basis::text = (SELECT mart.basis_of(%(instrument_id)s, %(known_at)s::timestamptz))
