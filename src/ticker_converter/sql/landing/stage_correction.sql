-- Stage a person's bar: what is not given is as stored.
-- params: instrument_id, session, open, high, low, close, volume
-- returns: open, high, low, close
INSERT INTO pg_temp.stage_price (row_no, instrument_id, session, unit_id, basis, open, high, low, close, volume)
SELECT 1, i.instrument_id, %(session)s::date, coalesce(f.unit_id, u.unit_id), coalesce(f.basis, 'r'),
    coalesce(%(open)s::numeric, f.open), coalesce(%(high)s::numeric, f.high), coalesce(%(low)s::numeric, f.low),
    coalesce(%(close)s::numeric, f.close), coalesce(%(volume)s::numeric, f.volume)
FROM warehouse.dim_instrument AS i
LEFT JOIN warehouse.fact_price AS f ON f.instrument_id = i.instrument_id AND f.session = %(session)s::date
LEFT JOIN warehouse.instrument_unit AS u
    ON u.instrument_id = i.instrument_id AND %(session)s::date BETWEEN u.valid_from AND u.valid_to
WHERE i.instrument_id = %(instrument_id)s
RETURNING open, high, low, close
