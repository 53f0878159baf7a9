-- Rows in a unit that is no currency and no price unit (units are case-sensitive: GBp is pence, gbp is neither).
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('unit', detail -> 'unit') FROM pg_temp.suspect_price WHERE detail ? 'unit'
