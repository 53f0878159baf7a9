-- What becomes of each rate that was not held; rates that change nothing get no row.
-- inserted: none stored for the day. revised: the source now says otherwise. late: known before what is stored. adopted:
-- says the same, at a knowledge time that has to be remembered because a person gave it, or gave that of what is stored.
-- params: known_from, backdated, replay_of
-- returns: none
WITH said AS (
    SELECT DISTINCT ON (s.source_id, s.base, s.quote, s.rate_date) s.*
    FROM pg_temp.stage_rate AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    ORDER BY s.source_id, s.base, s.quote, s.rate_date, s.row_no
)
INSERT INTO pg_temp.verdict (row_no, verdict)
SELECT v.row_no, v.verdict
FROM (
    SELECT s.row_no, f.load_id, CASE
        WHEN f.rate IS NULL AND %(backdated)s AND EXISTS (
            SELECT FROM warehouse.fact_fx_rate_revision AS r
            WHERE (r.source_id, r.base, r.quote, r.rate_date) = (s.source_id, s.base, s.quote, s.rate_date)
                AND r.known_to > %(known_from)s) THEN 'late'
        WHEN f.rate IS NULL THEN 'inserted'
        WHEN f.known_from > %(known_from)s THEN 'late'
        WHEN f.rate <> s.rate THEN 'revised'
        WHEN f.known_from < %(known_from)s AND %(replay_of)s::integer IS NULL
            AND (%(backdated)s OR l.recorded_at > l.known_from + interval '1 minute') THEN 'adopted'
    END AS verdict
    FROM said AS s
    LEFT JOIN warehouse.fact_fx_rate AS f USING (source_id, base, quote, rate_date)
    LEFT JOIN landing.load AS l USING (load_id)
) AS v
WHERE v.verdict IS NOT NULL
    AND (%(replay_of)s::integer IS NULL OR v.load_id IS NULL OR NOT landing.stated_later(v.load_id, %(replay_of)s))
