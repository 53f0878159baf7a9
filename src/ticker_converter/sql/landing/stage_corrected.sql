-- Stage the key of a bar that a person corrected; no row if there is no correction.
-- params: instrument_id, session
-- returns: none
INSERT INTO pg_temp.stage_price (row_no, instrument_id, session, basis)
SELECT 1, f.instrument_id, f.session, f.basis
FROM warehouse.fact_price AS f
JOIN warehouse.dim_source AS s USING (source_id)
WHERE f.instrument_id = %(instrument_id)s AND f.session = %(session)s AND s.source = 'correction'
