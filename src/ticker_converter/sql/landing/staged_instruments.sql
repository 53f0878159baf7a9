-- The instruments of the staged bars.
-- params: none
-- returns: instrument_id
SELECT DISTINCT instrument_id FROM pg_temp.stage_price ORDER BY instrument_id
