-- Rows with a field that cannot be read as the number or date it should be (text, NaN, infinity).
-- params: none
-- returns: row_no, evidence
SELECT row_no, detail -> 'bad' FROM pg_temp.suspect_price WHERE detail ? 'bad'
