-- Bars without a date, open, high, low or close (a fund has a close only), or of no symbol or exchange that can be one;
-- a missing volume is no offence.
-- params: none
-- returns: row_no, evidence
SELECT s.row_no, jsonb_strip_nulls(jsonb_build_object('symbol', CASE WHEN x.nowhere THEN s.detail -> 'symbol' END,
    'mic', s.detail -> 'mic', 'missing', array_remove(ARRAY[
    CASE WHEN x.nowhere THEN CASE WHEN s.detail ? 'mic' THEN 'mic' ELSE 'symbol' END END,
    CASE WHEN s.session IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'date', false) THEN 'date' END,
    CASE WHEN s.open IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'open', false) THEN 'open' END,
    CASE WHEN s.high IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'high', false) THEN 'high' END,
    CASE WHEN s.low IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'low', false) THEN 'low' END,
    CASE WHEN s.close IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'close', false) THEN 'close' END], NULL)))
FROM pg_temp.suspect_price AS s
LEFT JOIN warehouse.dim_instrument AS i USING (instrument_id)
CROSS JOIN LATERAL (
    SELECT s.instrument_id IS NULL AND NOT s.detail ? 'unit' AND NOT coalesce(s.detail -> 'bad' ? 'line', false)
) AS x (nowhere)
WHERE x.nowhere OR (s.session IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'date', false))
    OR (s.close IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'close', false))
    OR (i.kind IS DISTINCT FROM 'fund' AND (
        (s.open IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'open', false))
        OR (s.high IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'high', false))
        OR (s.low IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'low', false))))
