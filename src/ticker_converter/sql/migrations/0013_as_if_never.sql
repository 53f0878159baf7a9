-- What was known before an act stays known, and what was taken back is as if it had never been.

CREATE OR REPLACE FUNCTION mart.fx_via(
    p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamptz
)
RETURNS TABLE (code text)
LANGUAGE sql STABLE
AS $$
    -- Where two sources may be joined: at a source's pivot, or at whatever a source without one has published. None
    -- while fewer than two of the sources have, or where the past is asked for had, any rate.
    WITH src AS (
        SELECT s.source_id, s.pivot
        FROM mart.source AS s
        WHERE s.source = ANY (p_sources) AND (  -- also what was undone since: past answers by a join had become empty
            EXISTS (SELECT FROM mart.fx_rate AS r WHERE r.source_id = s.source_id)
            OR p_known IS NOT NULL AND EXISTS (
                SELECT FROM mart.fx_rate_revision AS r WHERE r.source_id = s.source_id))
    )
    SELECT v.code
    FROM (
        SELECT s.pivot AS code FROM src AS s WHERE s.pivot IS NOT NULL
        UNION
        SELECT f.canonical
        FROM src AS s
        CROSS JOIN LATERAL (
            SELECT DISTINCT side.code
            FROM mart.fx_rate_known(p_known) AS r
            CROSS JOIN LATERAL (VALUES (r.base), (r.quote)) AS side (code)
            WHERE r.source_id = s.source_id AND r.rate_date BETWEEN p_low AND p_high
        ) AS r
        JOIN mart.currency_family AS f ON f.code = r.code
        WHERE s.pivot IS NULL
    ) AS v
    WHERE v.code NOT IN (p_from, p_to) AND (SELECT count(*) FROM src) > 1
$$;

-- A bar that was held and let go by another run's load is no statement of that other run.
CREATE OR REPLACE VIEW landing.dead_load AS
SELECT l.load_id, l.delivery_id, coalesce(r.run_id, d.run_id) AS run_id
FROM landing.load AS l
LEFT JOIN landing.run AS r ON r.run_id = l.run_id AND r.undone_by IS NOT NULL AND l.kind <> 'undo'
LEFT JOIN (
    SELECT x.delivery_id, x.run_id FROM landing.delivery AS x JOIN landing.run AS n USING (run_id)
    WHERE n.undone_by IS NOT NULL
) AS d USING (delivery_id)
WHERE r.run_id IS NOT NULL OR d.run_id IS NOT NULL;
