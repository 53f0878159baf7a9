-- Bars whose close is above their high or below their low (an open outside is a finding: see findings_price).
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('high', high, 'low', low, 'close', close)
FROM pg_temp.suspect_price
WHERE close > high OR close < low
