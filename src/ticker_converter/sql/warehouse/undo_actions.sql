-- Take back the actions that a run brought, and its withdrawals: what stood before stands again.
-- params: run_id, load_id, known_from
-- returns: restored, gone
WITH mine AS (
    SELECT l.load_id FROM landing.load AS l WHERE l.run_id = %(run_id)s
),
leaving AS (
    SELECT f.* FROM warehouse.fact_corporate_action AS f JOIN mine USING (load_id)
),
kept AS (
    INSERT INTO warehouse.fact_corporate_action_revision SELECT l.*, %(known_from)s, %(load_id)s FROM leaving AS l
),
gone AS (
    DELETE FROM warehouse.fact_corporate_action AS f
    USING leaving AS l
    WHERE (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date)
        = (l.instrument_id, l.source_id, l.kind, l.ex_date, l.type, l.pay_date)
    RETURNING 1
),
best AS (
    SELECT DISTINCT ON (r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date) r.*
    FROM warehouse.fact_corporate_action_revision AS r
    JOIN mine ON mine.load_id = r.closed_by
    JOIN landing.load AS rl ON rl.load_id = r.load_id
    JOIN landing.run AS n ON n.run_id = rl.run_id
    WHERE n.undone_by IS NULL AND NOT EXISTS (
        SELECT FROM warehouse.fact_corporate_action AS f
        WHERE (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date)
            = (r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date)
            AND f.load_id NOT IN (SELECT mine.load_id FROM mine))
    ORDER BY r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date, r.known_to DESC
)
SELECT b.instrument_id, b.source_id, b.kind, b.ex_date, b.type, b.pay_date, b.new, b.old, b.amount, b.unit_id, b.basis,
    (SELECT count(*) FROM gone)
FROM best AS b
