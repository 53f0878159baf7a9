-- Rates of a code that is no currency (codes are case-sensitive).
-- params: none
-- returns: row_no, evidence
SELECT s.row_no, jsonb_build_object('unknown', array_remove(ARRAY[
    CASE WHEN b.code IS NULL THEN s.base END, CASE WHEN q.code IS NULL THEN s.quote END], NULL))
FROM pg_temp.stage_rate AS s
LEFT JOIN warehouse.dim_currency AS b ON b.code = s.base
LEFT JOIN warehouse.dim_currency AS q ON q.code = s.quote
WHERE s.base IS NOT NULL AND b.code IS NULL OR s.quote IS NOT NULL AND q.code IS NULL
