-- Bars with a volume below zero.
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('volume', volume) FROM pg_temp.suspect_price WHERE volume < 0
