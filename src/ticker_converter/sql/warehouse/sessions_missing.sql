-- The first and last of the given sessions of which an instrument has no bar.
-- params: symbol, sessions
-- returns: first, last
SELECT min(s.session), max(s.session)
FROM unnest(%(sessions)s::date[]) AS s (session)
WHERE NOT EXISTS (
    SELECT FROM warehouse.fact_price AS f
    JOIN warehouse.dim_instrument AS i USING (instrument_id)
    WHERE i.symbol = %(symbol)s AND f.session = s.session)
