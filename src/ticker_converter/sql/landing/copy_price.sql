-- Stream staged prices in, as CSV.
-- params: none
-- returns: none
COPY pg_temp.stage_price (
    row_no, instrument_id, session, unit_id, basis, open, high, low, close, volume, detail, suspect
) FROM STDIN (FORMAT csv)
