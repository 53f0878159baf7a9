-- Actions without an ex-date, a known kind or a value.
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('missing', array_remove(ARRAY[
    CASE WHEN kind IS NULL THEN 'kind' END,
    CASE WHEN ex_date IS NULL AND NOT coalesce(detail -> 'bad' ? 'ex_date', false) THEN 'ex_date' END,
    CASE WHEN coalesce(amount, new) IS NULL AND NOT coalesce(detail -> 'bad' ? 'value', false) THEN 'value' END], NULL))
FROM pg_temp.stage_action
WHERE kind IS NULL
    OR (ex_date IS NULL AND NOT coalesce(detail -> 'bad' ? 'ex_date', false))
    OR (coalesce(amount, new) IS NULL AND NOT coalesce(detail -> 'bad' ? 'value', false))
