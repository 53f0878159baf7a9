-- What the screen asks of instruments: the exchange with the days that a calendar covers, and the unit, where it was ever
-- but one.
-- params: instruments
-- returns: instrument_id, mic, covered_from, covered_to, unit_id
SELECT i.instrument_id, e.mic, e.covered_from, e.covered_to, u.unit_id
FROM unnest(%(instruments)s::integer[]) AS g (instrument_id)
JOIN warehouse.dim_instrument AS i USING (instrument_id)
LEFT JOIN warehouse.dim_exchange AS e ON e.mic = i.mic AND e.covered_from IS NOT NULL
LEFT JOIN warehouse.instrument_unit AS u
    ON u.instrument_id = i.instrument_id AND u.valid_from = '-infinity' AND u.valid_to = 'infinity'
