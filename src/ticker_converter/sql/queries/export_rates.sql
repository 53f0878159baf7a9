-- The rates as published.
-- params: none
-- returns: source, base, quote, date, rate, known_from, scale
COPY (
    SELECT s.source, r.base, r.quote, r.rate_date AS date, r.rate, r.known_from, scale(r.rate) AS scale
    FROM mart.fx_rate AS r
    JOIN mart.source AS s USING (source_id)
    ORDER BY s.source, r.base, r.quote, r.rate_date
) TO STDOUT (FORMAT csv, HEADER)
