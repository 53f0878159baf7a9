-- What becomes of each rate that was not held; rates that change nothing get no row.
-- params: known_from, replay_of
-- returns: none
WITH said AS (
    SELECT DISTINCT ON (s.source_id, s.base, s.quote, s.rate_date) s.*
    FROM pg_temp.stage_rate AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    ORDER BY s.source_id, s.base, s.quote, s.rate_date, s.row_no
)
INSERT INTO pg_temp.verdict (row_no, verdict)
SELECT s.row_no, CASE
    WHEN f.rate IS NULL THEN 'inserted'
    WHEN f.known_from > %(known_from)s THEN 'late'
    ELSE 'revised' END
FROM said AS s
LEFT JOIN warehouse.fact_fx_rate AS f USING (source_id, base, quote, rate_date)
WHERE (f.rate IS NULL OR f.known_from > %(known_from)s OR f.rate <> s.rate)
    AND (%(replay_of)s::integer IS NULL OR f.load_id IS NULL OR NOT landing.stated_later(f.load_id, %(replay_of)s))
