-- What stands for the staged keys is about to be outranked: it stays on as its provider's last word.
-- params: none
-- returns: none
INSERT INTO warehouse.fact_price_outranked AS o (
    instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
)
SELECT f.instrument_id, f.session, f.load_id, f.source_id, f.unit_id, f.basis, f.open, f.high, f.low, f.close, f.volume
FROM pg_temp.stage_price AS s
JOIN warehouse.fact_price AS f USING (instrument_id, session)
ON CONFLICT (instrument_id, session, source_id, basis) DO UPDATE
SET load_id = excluded.load_id, unit_id = excluded.unit_id, open = excluded.open, high = excluded.high,
    low = excluded.low, close = excluded.close, volume = excluded.volume
