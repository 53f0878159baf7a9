-- Bars whose high is below their low.
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('high', high, 'low', low) FROM pg_temp.suspect_price WHERE high < low
