-- Stage the outranked bars of an instrument that by today's order of providers outrank what stands.
-- params: instrument_id
-- returns: none
INSERT INTO pg_temp.stage_price (row_no, instrument_id, session, basis)
SELECT row_number() OVER (), k.instrument_id, k.session, 'r'
FROM (
    SELECT DISTINCT f.instrument_id, f.session
    FROM warehouse.fact_price AS f
    JOIN warehouse.fact_price_outranked AS o USING (instrument_id, session)
    WHERE f.instrument_id = %(instrument_id)s
        AND warehouse.price_rank(o.instrument_id, o.source_id, o.basis, o.session)
            < warehouse.price_rank(f.instrument_id, f.source_id, f.basis, f.session)
) AS k
