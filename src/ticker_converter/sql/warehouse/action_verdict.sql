-- What becomes of each action that was not held; actions that change nothing get no row.
-- inserted: none stored. revised: the provider now says otherwise. late: known before what is stored. adopted: says the
-- same, at a knowledge time that has to be remembered because a person gave it, or gave that of what is stored.
-- params: source_id, known_from, backdated, replay_of
-- returns: none
WITH said AS (
    SELECT DISTINCT ON (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date) s.*
    FROM pg_temp.stage_action AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    ORDER BY s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date, s.row_no
)
INSERT INTO pg_temp.verdict (row_no, verdict)
SELECT v.row_no, v.verdict
FROM (
    SELECT s.row_no, coalesce(f.load_id, gone.closed_by) AS load_id, CASE
        WHEN f.kind IS NULL AND %(backdated)s AND gone.known_to > %(known_from)s THEN 'late'
        WHEN f.kind IS NULL THEN 'inserted'
        WHEN f.known_from > %(known_from)s THEN 'late'
        WHEN (f.new, f.old, f.amount, f.basis) IS DISTINCT FROM (s.new, s.old, s.amount, s.basis) THEN 'revised'
        WHEN s.kind = 'dividend' AND f.unit_id <> s.unit_id THEN 'revised'  -- a split is in no unit
        WHEN f.known_from < %(known_from)s AND %(replay_of)s::integer IS NULL
            AND (%(backdated)s OR l.recorded_at > l.known_from + interval '1 minute') THEN 'adopted'
    END AS verdict
    FROM said AS s
    LEFT JOIN warehouse.fact_corporate_action AS f
        ON f.source_id = %(source_id)s AND (f.instrument_id, f.kind, f.ex_date, f.type, f.pay_date)
            = (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
    LEFT JOIN landing.load AS l USING (load_id)
    LEFT JOIN LATERAL (
        SELECT r.known_to, CASE WHEN NOT EXISTS (  -- unless what closed it was taken back
            SELECT FROM landing.dead_load AS d WHERE d.load_id = r.closed_by) THEN r.closed_by END AS closed_by
        FROM warehouse.fact_corporate_action_revision AS r
        WHERE r.source_id = %(source_id)s AND (r.instrument_id, r.kind, r.ex_date, r.type, r.pay_date)
            = (s.instrument_id, s.kind, s.ex_date, s.type, s.pay_date)
            AND NOT EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = r.load_id)  -- its run was taken back
        ORDER BY r.known_to DESC, r.closed_by DESC LIMIT 1
    ) AS gone ON f.kind IS NULL
) AS v
WHERE v.verdict IS NOT NULL
    AND (%(replay_of)s::integer IS NULL OR v.load_id IS NULL OR NOT landing.stated_later(v.load_id, %(replay_of)s))
