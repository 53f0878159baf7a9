-- Where two sources are joined for a past belief, also the rates count that were taken back since: an answer of March
-- was empty in April when one source's only rates had been undone.

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
        WHERE s.source = ANY (p_sources) AND (
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
