-- The instruments that have bars, and how many.
-- params: none
-- returns: instrument_id, bars
SELECT instrument_id, bars FROM mart.instrument WHERE bars > 0 ORDER BY instrument_id
