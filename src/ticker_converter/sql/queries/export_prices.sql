-- The bars of some instruments as stored, in their listing unit. `scale`: decimals of the longest
-- number.
-- params: ids
-- returns: symbol, date, year, unit, basis, provider, open, high, low, close, volume, scale
COPY (
    WITH named AS MATERIALIZED (
        SELECT i.instrument_id, i.symbol FROM mart.instrument AS i WHERE i.instrument_id = ANY (%(ids)s::integer[])
    )
    SELECT i.symbol, p.session AS date, extract(year FROM p.session)::integer AS year, u.unit,
        CASE p.basis WHEN 'r' THEN 'raw' WHEN 's' THEN 'splits' ELSE 'all' END AS basis, s.source AS provider, p.open,
        p.high, p.low, p.close, p.volume,
        greatest(scale(p.open), scale(p.high), scale(p.low), scale(p.close), scale(p.volume)) AS scale
    FROM mart.price AS p
    JOIN named AS i USING (instrument_id)
    JOIN mart.price_unit AS u USING (unit_id)
    JOIN mart.source AS s USING (source_id)
    WHERE p.instrument_id = ANY (%(ids)s::integer[])
) TO STDOUT (FORMAT csv, HEADER)
