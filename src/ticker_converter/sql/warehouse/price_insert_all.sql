-- Store staged bars as they stand: they are in order and nothing is stored of their instruments.
-- params: source_id, load_id
-- returns: none
INSERT INTO warehouse.fact_price (
    instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
)
SELECT s.instrument_id, s.session, %(load_id)s, %(source_id)s, s.unit_id, s.basis, s.open, s.high, s.low, s.close,
    s.volume
FROM pg_temp.stage_price AS s
WHERE s.row_no NOT IN (SELECT h.row_no FROM pg_temp.held AS h)
