-- Rates without a base, quote, date or rate.
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('missing', array_remove(ARRAY[
    CASE WHEN base IS NULL THEN 'base' END, CASE WHEN quote IS NULL THEN 'quote' END,
    CASE WHEN rate_date IS NULL AND NOT coalesce(detail -> 'bad' ? 'date', false) THEN 'date' END,
    CASE WHEN rate IS NULL AND NOT coalesce(detail -> 'bad' ? 'rate', false) THEN 'rate' END], NULL))
FROM pg_temp.stage_rate
WHERE base IS NULL OR quote IS NULL
    OR (rate_date IS NULL AND NOT coalesce(detail -> 'bad' ? 'date', false))
    OR (rate IS NULL AND NOT coalesce(detail -> 'bad' ? 'rate', false))
