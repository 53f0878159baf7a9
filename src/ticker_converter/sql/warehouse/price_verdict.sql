-- What becomes of each bar that was not held; bars that change nothing get no row.
-- inserted: none stored for the day. revised: the same or a better provider now says otherwise. outranked: a correction,
-- a better basis or a preferred provider stands. late: known before what is stored. adopted: a better provider says the
-- same; or it is said at a knowledge time that has to be remembered because a person gave it, or gave that of what is
-- stored. rebased: said on a better basis, which revises nothing.
-- params: source_id, known_from, backdated, replay_of
-- returns: none
WITH said AS (
    SELECT DISTINCT ON (s.instrument_id, s.session) s.*
    FROM pg_temp.stage_price AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    ORDER BY s.instrument_id, s.session, s.row_no
)
INSERT INTO pg_temp.verdict (row_no, verdict)
SELECT v.row_no, v.verdict
FROM (
    SELECT s.row_no, f.load_id, CASE
        WHEN f.instrument_id IS NULL AND %(backdated)s AND EXISTS (
            SELECT FROM warehouse.fact_price_revision AS r
            WHERE r.instrument_id = s.instrument_id AND r.session = s.session AND r.known_to > %(known_from)s
        ) THEN 'late'
        WHEN f.instrument_id IS NULL THEN 'inserted'
        WHEN l.known_from > %(known_from)s THEN 'late'
        WHEN rank.said > rank.stored THEN 'outranked'
        WHEN f.basis <> s.basis AND rank.said < rank.stored THEN 'rebased'
        WHEN (f.open, f.high, f.low, f.close, f.volume, f.unit_id, f.basis)
            IS DISTINCT FROM (s.open, s.high, s.low, s.close, s.volume, s.unit_id, s.basis) THEN 'revised'
        WHEN rank.said < rank.stored THEN 'adopted'
        WHEN l.known_from < %(known_from)s AND %(replay_of)s::integer IS NULL
            AND (%(backdated)s OR l.recorded_at > l.known_from + interval '1 minute') THEN 'adopted'
    END AS verdict
    FROM said AS s
    LEFT JOIN warehouse.fact_price AS f USING (instrument_id, session)
    LEFT JOIN landing.load AS l USING (load_id)
    CROSS JOIN LATERAL (
        SELECT warehouse.price_rank(s.instrument_id, %(source_id)s::smallint, s.basis, s.session) AS said,
            warehouse.price_rank(s.instrument_id, f.source_id, f.basis, s.session) AS stored
        WHERE f.source_id <> %(source_id)s OR f.basis <> s.basis
        UNION ALL
        SELECT 0, 0
        WHERE (f.source_id <> %(source_id)s OR f.basis <> s.basis) IS NOT TRUE
    ) AS rank
) AS v
WHERE v.verdict IS NOT NULL
    AND (%(replay_of)s::integer IS NULL OR v.load_id IS NULL OR v.verdict = 'outranked'
        OR NOT landing.stated_later(v.load_id, %(replay_of)s))
