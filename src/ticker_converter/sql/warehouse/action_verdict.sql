-- What becomes of each action that was not held; actions that change nothing get no row.
-- params: source_id, replay_of
-- returns: none
WITH said AS (
    SELECT DISTINCT ON (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date) s.*
    FROM pg_temp.stage_action AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    ORDER BY s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date, s.row_no
)
INSERT INTO pg_temp.verdict (row_no, verdict)
SELECT s.row_no, CASE WHEN f.kind IS NULL THEN 'inserted' ELSE 'revised' END
FROM said AS s
LEFT JOIN warehouse.fact_corporate_action AS f
    ON f.source_id = %(source_id)s AND (f.instrument_id, f.kind, f.ex_date, f.type, f.pay_date)
        = (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
WHERE (f.kind IS NULL
    OR (f.new, f.old, f.amount, f.unit_id, f.basis) IS DISTINCT FROM (s.new, s.old, s.amount, s.unit_id, s.basis))
    AND (%(replay_of)s::integer IS NULL OR f.load_id IS NULL OR NOT landing.stated_later(f.load_id, %(replay_of)s))
