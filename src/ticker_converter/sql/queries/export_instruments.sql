-- Every instrument with what is stored of it.
-- params: none
-- returns: symbol, mic, name, kind, unit, currency, watched, first_session, last_session, bars, scale
COPY (
    SELECT symbol, mic, name, kind, unit, currency, watched, first_session, last_session, bars, 0 AS scale
    FROM mart.instrument ORDER BY symbol
) TO STDOUT (FORMAT csv, HEADER)
