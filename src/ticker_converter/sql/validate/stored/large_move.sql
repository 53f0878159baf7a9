-- Closes that moved 45 percent or more from the session before, splits removed: worth a look, never a rejection.
-- params: none
-- returns: subject, day, evidence
WITH close AS (
    SELECT f.instrument_id, f.session, f.close, lag(f.close) OVER w AS before, lag(f.session) OVER w AS session_before
    FROM warehouse.fact_price AS f
    WINDOW w AS (PARTITION BY f.instrument_id ORDER BY f.session)
)
SELECT i.symbol, c.session, jsonb_build_object(
    'close', c.close, 'before', c.before, 'on', c.session_before, 'change_percent', round(100 * (m.ratio - 1), 2))
FROM close AS c
JOIN warehouse.dim_instrument AS i USING (instrument_id)
CROSS JOIN LATERAL (
    SELECT c.close / c.before * coalesce((
        SELECT mart.product(a.new / a.old) FROM warehouse.fact_corporate_action AS a
        WHERE a.instrument_id = c.instrument_id AND a.kind IN ('split', 'spinoff')
            AND a.ex_date > c.session_before AND a.ex_date <= c.session), 1) AS ratio
) AS m
WHERE (c.close >= 1.45 * c.before OR c.close <= 0.55 * c.before) AND (m.ratio >= 1.45 OR m.ratio <= 0.55)
