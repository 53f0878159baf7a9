-- Whether a dividend that adjusts stored bars is known only on a basis other than as traded.
-- params: instrument_id, known_at
-- returns: adjusted
SELECT EXISTS (
    SELECT FROM mart.actions(%(instrument_id)s, %(known_at)s::timestamptz) AS a
    WHERE a.kind = 'dividend' AND a.basis <> 'r' AND EXISTS (
        SELECT FROM mart.bars(%(instrument_id)s, a.ex_date, 'infinity', %(known_at)s::timestamptz)))
