-- Store the bars of days that had none.
-- params: source_id, load_id
-- returns: none
INSERT INTO warehouse.fact_price (
    instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
)
SELECT s.instrument_id, s.session, %(load_id)s, %(source_id)s, s.unit_id, s.basis, s.open, s.high, s.low, s.close,
    s.volume
FROM pg_temp.verdict AS v
JOIN pg_temp.stage_price AS s USING (row_no)
WHERE v.verdict = 'inserted'
ORDER BY s.instrument_id, s.session
