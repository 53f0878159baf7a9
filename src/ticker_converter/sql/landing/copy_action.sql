-- Stream staged actions in, as CSV.
-- params: none
-- returns: none
COPY pg_temp.stage_action (
    row_no, instrument_id, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis, detail
) FROM STDIN (FORMAT csv)
