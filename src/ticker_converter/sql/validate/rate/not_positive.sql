-- Rates that are zero or below.
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('rate', rate) FROM pg_temp.stage_rate WHERE rate <= 0
