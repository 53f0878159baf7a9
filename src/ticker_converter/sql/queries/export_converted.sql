-- The raw bars of some instruments converted at their own session's rate, each with its rate
-- (12 digits), the day that is of and who published it; without a rate prices are null and `missing` says why. `scale`:
-- decimals of the longest number.
-- params: ids, to, to_per, to_unit, sources, max_age, pegs
-- returns: symbol, date, year, unit, basis, provider, open, high, low, close, volume, listing_unit, rate, rate_date, source, missing, scale
COPY (
    WITH named AS MATERIALIZED (  -- the view itself, joined, looks up a unit per bar: 10 of 16 s for 393,000 bars
        SELECT i.instrument_id, i.symbol FROM mart.instrument AS i WHERE i.instrument_id = ANY (%(ids)s::integer[])
    ),
    span AS MATERIALIZED (
        SELECT u.currency, min(b.first) AS first, max(b.last) AS last
        FROM (
            SELECT p.unit_id, min(p.session) AS first, max(p.session) AS last FROM mart.price AS p
            WHERE p.instrument_id = ANY (%(ids)s::integer[]) GROUP BY p.unit_id
        ) AS b
        JOIN mart.price_unit AS u USING (unit_id)
        GROUP BY u.currency
    ),
    fx AS MATERIALIZED (
        SELECT u.unit_id, u.unit, r.day, r.rate * %(to_per)s / u.per AS factor, mart.significant(r.rate, 12) AS rate,
            r.rate_date, r.source, r.missing
        FROM span AS s
        CROSS JOIN LATERAL mart.fx_rates(
            s.currency, %(to)s, s.first, s.last, %(sources)s::text[], %(max_age)s, NULL, 0, %(pegs)s, false) AS r
        JOIN mart.price_unit AS u USING (currency)
    ),
    priced AS (
        SELECT i.symbol, p.session, p.source_id, mart.money(p.open * f.factor) AS open,
            mart.money(p.high * f.factor) AS high, mart.money(p.low * f.factor) AS low,
            mart.money(p.close * f.factor) AS close, p.volume, f.unit, f.rate, f.rate_date, f.source, f.missing
        FROM mart.price AS p
        JOIN named AS i USING (instrument_id)
        JOIN fx AS f ON f.unit_id = p.unit_id AND f.day = p.session
        WHERE p.instrument_id = ANY (%(ids)s::integer[]) AND p.basis = 'r'
        OFFSET 0
    )
    SELECT p.symbol, p.session AS date, extract(year FROM p.session)::integer AS year, %(to_unit)s AS unit, 'raw' AS basis,
        s.source AS provider, p.open, p.high, p.low, p.close, p.volume, p.unit AS listing_unit, p.rate, p.rate_date,
        p.source, p.missing,
        greatest(scale(p.open), scale(p.high), scale(p.low), scale(p.close), scale(p.volume), scale(p.rate)) AS scale
    FROM priced AS p
    JOIN mart.source AS s USING (source_id)
) TO STDOUT (FORMAT csv, HEADER)
