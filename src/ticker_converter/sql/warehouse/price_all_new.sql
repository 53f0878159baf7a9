-- Whether nothing is stored, or was ever stored, of any staged instrument.
-- params: none
-- returns: all_new
SELECT NOT EXISTS (
    SELECT FROM (SELECT DISTINCT instrument_id FROM pg_temp.stage_price) AS s
    WHERE EXISTS (SELECT FROM warehouse.fact_price AS f WHERE f.instrument_id = s.instrument_id)
        OR EXISTS (SELECT FROM warehouse.fact_price_revision AS r WHERE r.instrument_id = s.instrument_id)
        OR EXISTS (SELECT FROM warehouse.fact_price_outranked AS o WHERE o.instrument_id = s.instrument_id))
