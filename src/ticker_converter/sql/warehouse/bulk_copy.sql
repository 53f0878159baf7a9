-- Stream bars into the facts, as CSV.
-- params: none
-- returns: none
COPY warehouse.fact_price (
    instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
) FROM STDIN (FORMAT csv)
