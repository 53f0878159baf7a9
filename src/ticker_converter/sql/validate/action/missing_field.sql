-- Actions without an ex-date, a known kind or a value, or of no symbol that can be one.
-- params: none
-- returns: row_no, evidence
SELECT s.row_no, jsonb_strip_nulls(jsonb_build_object('symbol', CASE WHEN x.nowhere THEN s.detail -> 'symbol' END,
    'kind', s.detail -> 'kind', 'missing', array_remove(ARRAY[
    CASE WHEN x.nowhere THEN 'symbol' END,
    CASE WHEN s.kind IS NULL THEN 'kind' END,
    CASE WHEN s.ex_date IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'ex_date', false) THEN 'ex_date' END,
    CASE WHEN x.worthless THEN 'value' END], NULL)))
FROM pg_temp.stage_action AS s
CROSS JOIN LATERAL (
    SELECT s.instrument_id IS NULL AND NOT s.detail ? 'unit' AND NOT coalesce(s.detail -> 'bad' ? 'line', false),
        coalesce(s.amount, s.new) IS NULL AND NOT (coalesce(s.detail -> 'bad' ? 'value', false) OR coalesce(s.detail ? 'value', false))
) AS x (nowhere, worthless)
WHERE x.nowhere OR x.worthless
    OR (s.kind IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'line', false))
    OR (s.ex_date IS NULL AND NOT coalesce(s.detail -> 'bad' ? 'ex_date', false))
