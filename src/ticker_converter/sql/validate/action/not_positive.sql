-- Splits, spin-offs and dividends that are zero or below.
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('new', new, 'old', old, 'amount', amount)
FROM pg_temp.stage_action
WHERE new <= 0 OR old <= 0 OR amount <= 0
