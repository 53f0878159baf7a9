-- Of the bars that passed the other rules: those whose close stands 75 to 133 or 750 to 1333 times above or below the
-- previous accepted close (10 sessions back at most, known splits removed), and those that follow on that level.
-- params: none
-- returns: row_no, evidence
WITH fresh AS (
    SELECT s.row_no, s.instrument_id, s.session, s.close
    FROM pg_temp.stage_price AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
),
span AS (
    SELECT instrument_id, min(session) AS first, max(session) AS last, min(close) AS low, max(close) AS high
    FROM fresh
    GROUP BY instrument_id
),
suspect AS (  -- a jump needs closes 75 times apart, here or between here and what is stored or held around it
    SELECT p.*
    FROM span AS p
    LEFT JOIN LATERAL (
        SELECT min(f.close) AS low, max(f.close) AS high FROM warehouse.fact_price AS f
        WHERE f.instrument_id = p.instrument_id AND f.session BETWEEN p.first - 30 AND p.last
    ) AS f ON true
    WHERE greatest(p.high, f.high) >= 75 * least(p.low, f.low)
        OR EXISTS (
            SELECT FROM landing.quarantine AS q
            WHERE q.instrument_id = p.instrument_id AND q.state = 'held' AND q.reason = 'unit_jump')
),
calendar AS (
    SELECT d.mic, d.session, row_number() OVER (PARTITION BY d.mic ORDER BY d.session) AS n
    FROM warehouse.dim_date AS d
    WHERE d.mic IN (SELECT i.mic FROM suspect JOIN warehouse.dim_instrument AS i USING (instrument_id))
),
known AS (
    SELECT f.row_no, f.instrument_id, f.session, f.close, NULL::boolean AS held
    FROM fresh AS f
    JOIN suspect USING (instrument_id)
    UNION ALL
    SELECT NULL, p.instrument_id, p.session, p.close, false
    FROM suspect AS s
    JOIN warehouse.fact_price AS p
        ON p.instrument_id = s.instrument_id AND p.session BETWEEN s.first - 30 AND s.last
    WHERE NOT EXISTS (SELECT FROM fresh AS f WHERE f.instrument_id = p.instrument_id AND f.session = p.session)
    UNION ALL
    SELECT NULL, q.instrument_id, q.day, (q.content ->> 'close')::numeric, true
    FROM suspect AS s
    JOIN landing.quarantine AS q ON q.instrument_id = s.instrument_id
    WHERE q.state = 'held' AND q.reason = 'unit_jump' AND q.day BETWEEN s.first - 30 AND s.last
        AND NOT EXISTS (SELECT FROM fresh AS f WHERE f.instrument_id = q.instrument_id AND f.session = q.day)
),
placed AS (
    SELECT k.*,
        coalesce(c.n, (k.session - '1970-01-05'::date) / 7 * 5 + least(extract(isodow FROM k.session)::int, 5)) AS n,
        k.close * coalesce((
            SELECT mart.product(a.new / a.old) FROM warehouse.fact_corporate_action AS a
            WHERE a.instrument_id = k.instrument_id AND a.kind = 'split' AND a.ex_date <= k.session), 1) AS level
    FROM known AS k
    JOIN warehouse.dim_instrument AS i USING (instrument_id)
    LEFT JOIN calendar AS c ON c.mic = i.mic AND c.session = k.session
),
walked AS (
    SELECT p.*, landing.unit_level(p.level, p.n, p.held) OVER (
        PARTITION BY p.instrument_id ORDER BY p.session ROWS UNBOUNDED PRECEDING) AS state
    FROM placed AS p
)
SELECT row_no, jsonb_build_object(
    'close', close, 'previous_close', (state).against, 'ratio', round(level / (state).against, 4),
    'factor', landing.unit_step(level / (state).against))
FROM walked
WHERE row_no IS NOT NULL AND (state).held
