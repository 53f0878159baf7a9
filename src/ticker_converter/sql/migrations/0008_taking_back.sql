-- What belongs to runs that were taken back.

CREATE VIEW landing.dead_load AS
SELECT l.load_id, l.delivery_id, coalesce(r.run_id, d.run_id) AS run_id
FROM landing.load AS l
LEFT JOIN landing.run AS r ON r.run_id = l.run_id AND r.undone_by IS NOT NULL
LEFT JOIN (
    SELECT x.delivery_id, x.run_id FROM landing.delivery AS x JOIN landing.run AS n USING (run_id)
    WHERE n.undone_by IS NOT NULL
) AS d USING (delivery_id)
WHERE r.run_id IS NOT NULL OR d.run_id IS NOT NULL;
COMMENT ON VIEW landing.dead_load IS
    'Loads whose statements are no one''s word any more: of a run that was taken back, or of what such a run had landed (a replay of it, a bar of it that an edit or a release put back).';

CREATE FUNCTION landing.held_for_dead(
    p_load integer, p_kind text, p_instrument integer, p_day date, p_source smallint
) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    -- Whether a quarantined row is of a run that was taken back: the run brought it, or had brought the bar that a later
    -- load held back. A load also holds back bars that others had brought before: those are not its own.
    SELECT CASE WHEN r.load_id IS NOT NULL THEN EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = r.load_id)
        ELSE EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = p_load) END
    FROM (SELECT 1) AS one
    LEFT JOIN warehouse.fact_price_revision AS r
        ON p_kind = 'price' AND r.instrument_id = p_instrument AND r.session = p_day AND r.source_id = p_source
        AND r.closed_by = p_load
    LIMIT 1
$$;

CREATE FUNCTION warehouse.actions_that_stand_again(p_undo integer) RETURNS TABLE (
    instrument_id integer, source_id smallint, kind text, ex_date date, type text, pay_date date, new numeric, old numeric,
    amount numeric, unit_id smallint, basis "char", load_id integer
)
LANGUAGE sql STABLE
AS $$
    -- When the load p_undo has closed what runs now taken back had brought: none of the kind stands, and what a live run
    -- had said last was replaced or withdrawn by a run that is taken back.
    SELECT b.instrument_id, b.source_id, b.kind, b.ex_date, b.type, b.pay_date, b.new, b.old, b.amount, b.unit_id,
        b.basis, b.load_id
    FROM (
        SELECT DISTINCT ON (r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date) r.*
        FROM warehouse.fact_corporate_action_revision AS r
        WHERE (r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date) IN (
                SELECT t.instrument_id, t.source_id, t.kind, t.ex_date, t.type, t.pay_date
                FROM warehouse.fact_corporate_action_revision AS t
                WHERE t.closed_by = p_undo OR EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = t.closed_by))
            AND NOT EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = r.load_id)
        ORDER BY r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date, r.known_to DESC
    ) AS b
    WHERE EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = b.closed_by)
        AND NOT EXISTS (
            SELECT FROM warehouse.fact_corporate_action AS f
            WHERE (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date)
                = (b.instrument_id, b.source_id, b.kind, b.ex_date, b.type, b.pay_date))
        AND NOT EXISTS (  -- a live run has withdrawn it since
            SELECT FROM warehouse.fact_corporate_action_revision AS t
            JOIN landing.load AS c ON c.load_id = t.closed_by AND c.kind <> 'undo'
            WHERE (t.instrument_id, t.source_id, t.kind, t.ex_date, t.type, t.pay_date)
                    = (b.instrument_id, b.source_id, b.kind, b.ex_date, b.type, b.pay_date)
                AND t.known_from >= b.known_to
                AND NOT EXISTS (SELECT FROM landing.dead_load AS d WHERE d.load_id = t.closed_by))
$$;
