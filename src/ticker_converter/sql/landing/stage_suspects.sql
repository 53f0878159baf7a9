-- Stage the first and the last bar of every instrument whose closes stand 75 times apart or are in two units, or of which
-- bars are held for a jump: what lies between is then walked. `instruments` (null: all) narrows it.
-- params: instruments
-- returns: none
INSERT INTO pg_temp.stage_price (row_no, instrument_id, session, unit_id, basis, open, high, low, close, volume)
SELECT row_number() OVER (), f.instrument_id, f.session, f.unit_id, f.basis, f.open, f.high, f.low, f.close, f.volume
FROM (
    SELECT instrument_id, min(session) AS first, max(session) AS last
    FROM warehouse.fact_price
    WHERE %(instruments)s::integer[] IS NULL OR instrument_id = ANY (%(instruments)s::integer[])
    GROUP BY instrument_id
    HAVING max(close) >= 75 * min(close) OR max(unit_id) <> min(unit_id) OR instrument_id IN (
        SELECT q.instrument_id FROM landing.quarantine AS q WHERE q.state = 'held' AND q.reason = 'unit_jump')
) AS s
JOIN warehouse.fact_price AS f ON f.instrument_id = s.instrument_id AND f.session IN (s.first, s.last)
