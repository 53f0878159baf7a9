-- Put the new bars in the place of those just closed; a provider's own older last word goes.
-- params: source_id, load_id
-- returns: none
WITH now_current AS (
    DELETE FROM warehouse.fact_price_outranked AS o
    USING pg_temp.verdict AS v
    JOIN pg_temp.stage_price AS s USING (row_no)
    WHERE v.verdict IN ('revised', 'adopted', 'rebased', 'inserted')
        AND o.instrument_id = s.instrument_id AND o.session = s.session AND o.source_id = %(source_id)s
        AND o.basis = s.basis
)
UPDATE warehouse.fact_price AS f
SET load_id = %(load_id)s, source_id = %(source_id)s, unit_id = s.unit_id, basis = s.basis, open = s.open,
    high = s.high, low = s.low, close = s.close, volume = s.volume
FROM pg_temp.verdict AS v
JOIN pg_temp.stage_price AS s USING (row_no)
WHERE v.verdict IN ('revised', 'adopted', 'rebased') AND f.instrument_id = s.instrument_id AND f.session = s.session
