-- Stream staged rates in, as CSV.
-- params: none
-- returns: none
COPY pg_temp.stage_rate (
    row_no, source_id, base, quote, rate_date, rate, detail
) FROM STDIN (FORMAT csv)
