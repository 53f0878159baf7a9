-- Bars with a price that is zero or below.
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('open', open, 'high', high, 'low', low, 'close', close)
FROM pg_temp.suspect_price
WHERE open <= 0 OR high <= 0 OR low <= 0 OR close <= 0
