-- Walk along the closes of each instrument where a jump may be: the new bars that passed the other rules, and what is
-- stored and held around and after them, because a row that arrives inside a neighbourhood judges it again. What stands
-- before the first new bar, what a person accepted, rejected or rescaled is not in question. `replay_of`: the delivery that is
-- read again, if one is.
-- params: replay_of
-- returns: none
WITH fresh AS (
    SELECT s.row_no, s.instrument_id, s.session, s.close, s.unit_id, s.basis, s.open, s.high, s.low, s.volume
    FROM pg_temp.stage_price AS s
    WHERE NOT EXISTS (SELECT FROM pg_temp.offence AS o WHERE o.row_no = s.row_no)
),
span AS (
    SELECT instrument_id, min(session) AS first, max(session) AS last, min(close) AS low, max(close) AS high,
        min(unit_id) AS unit_low, max(unit_id) AS unit_high
    FROM fresh
    GROUP BY instrument_id
),
suspect AS (  -- a jump needs closes 75 times apart or two units, here or between here and what is stored or held around it
    SELECT p.instrument_id, p.first
    FROM span AS p
    LEFT JOIN LATERAL (
        SELECT min(f.close) AS low, max(f.close) AS high, min(f.unit_id) AS unit_low, max(f.unit_id) AS unit_high
        FROM warehouse.fact_price AS f
        WHERE f.instrument_id = p.instrument_id AND f.session BETWEEN p.first - 30 AND p.last + 30
    ) AS f ON true
    WHERE greatest(p.high, f.high) >= 75 * least(p.low, f.low)
        OR greatest(p.unit_high, f.unit_high) <> least(p.unit_low, f.unit_low)  -- closes of two units say nothing
        OR EXISTS (
            SELECT FROM landing.quarantine AS q
            WHERE q.instrument_id = p.instrument_id AND q.state IN ('held', 'rejected', 'rescaled')
                AND q.reason = 'unit_jump')
    UNION ALL  -- new splits: they may explain what is held
    SELECT q.instrument_id, min(q.day)
    FROM landing.quarantine AS q
    WHERE q.state = 'held' AND q.reason = 'unit_jump'
        AND q.instrument_id IN (SELECT a.instrument_id FROM pg_temp.stage_action AS a WHERE a.kind = 'split')
    GROUP BY q.instrument_id
),
calendar AS (
    SELECT d.mic, d.session, row_number() OVER (PARTITION BY d.mic ORDER BY d.session) AS n
    FROM warehouse.dim_date AS d
    WHERE d.mic IN (SELECT i.mic FROM suspect JOIN warehouse.dim_instrument AS i USING (instrument_id))
),
split AS (
    SELECT s.instrument_id, a.ex_date, a.new / a.old AS ratio
    FROM suspect AS s
    CROSS JOIN LATERAL mart.actions(s.instrument_id, NULL) AS a
    WHERE a.kind = 'split'
),
stored AS (  -- decided: a person's, or stood there when a person answered for one of the ten before it
    SELECT f.instrument_id, f.session, f.close, f.unit_id, f.basis, f.open, f.high, f.low, f.volume, f.load_id, s.first,
        max(coalesce(l.origin, f.load_id)) FILTER (WHERE l.kind IN ('decision', 'correction', 'edit')) OVER (
            PARTITION BY f.instrument_id ORDER BY f.session ROWS BETWEEN 10 PRECEDING AND CURRENT ROW
        ) >= coalesce(l.origin, f.load_id) AS decided
    FROM suspect AS s
    JOIN warehouse.fact_price AS f ON f.instrument_id = s.instrument_id AND f.session >= s.first - 30
    JOIN landing.load AS l USING (load_id)
),
waiting AS (
    SELECT DISTINCT ON (q.instrument_id, q.day) q.quarantine_id, q.instrument_id, q.day AS session,
        (q.content ->> 'close')::numeric AS close, u.unit_id, (q.content ->> 'basis')::"char" AS basis, s.first,
        q.state <> 'held' AS answered
    FROM suspect AS s
    JOIN landing.quarantine AS q ON q.instrument_id = s.instrument_id AND q.day >= s.first - 30
    JOIN warehouse.dim_price_unit AS u ON u.unit = q.content ->> 'unit'
    WHERE q.state IN ('held', 'rejected', 'rescaled') AND q.reason = 'unit_jump'
    ORDER BY q.instrument_id, q.day, q.state, q.quarantine_id DESC
),
new AS (  -- what is said again and stands is judged as what stands; so is what an old payload said before it
    SELECT f.*
    FROM fresh AS f
    JOIN suspect AS s USING (instrument_id)
    LEFT JOIN stored AS p USING (instrument_id, session)
    WHERE (p.close, p.unit_id, p.basis, p.open, p.high, p.low, p.volume)
            IS DISTINCT FROM (f.close, f.unit_id, f.basis, f.open, f.high, f.low, f.volume)
        AND (%(replay_of)s::integer IS NULL OR p.load_id IS NULL OR NOT landing.stated_later(p.load_id, %(replay_of)s))
),
known AS (
    SELECT f.row_no, f.instrument_id, f.session, f.close, f.unit_id, f.basis, NULL::integer AS quarantine_id,
        CASE WHEN p.decided AND p.close = f.close AND p.unit_id = f.unit_id THEN false
            WHEN w.answered AND w.close = f.close THEN true END AS forced
    FROM new AS f
    LEFT JOIN stored AS p USING (instrument_id, session)
    LEFT JOIN waiting AS w USING (instrument_id, session)
    UNION ALL
    SELECT NULL, p.instrument_id, p.session, p.close, p.unit_id, p.basis, NULL,
        CASE WHEN p.decided OR p.session < p.first THEN false END
    FROM stored AS p
    WHERE NOT EXISTS (SELECT FROM new AS f WHERE f.instrument_id = p.instrument_id AND f.session = p.session)
    UNION ALL
    SELECT NULL, w.instrument_id, w.session, w.close, w.unit_id, w.basis, w.quarantine_id,
        CASE WHEN w.answered OR w.session < w.first THEN true END
    FROM waiting AS w
    WHERE NOT EXISTS (SELECT FROM new AS f WHERE f.instrument_id = w.instrument_id AND f.session = w.session)
        AND NOT EXISTS (SELECT FROM stored AS p WHERE p.instrument_id = w.instrument_id AND p.session = w.session)
),
placed AS (  -- in the money's newest code (ZMK to ZMW is 1000 to 1 by law), at the share count of the first day
    SELECT k.*,
        coalesce(c.n, (k.session - '1970-01-05'::date) / 7 * 5 + least(extract(isodow FROM k.session)::int, 5)) AS n,
        k.close / u.per / (f.per * coalesce(f.successor_per, 1)) * coalesce((
            SELECT mart.product(x.ratio) FROM split AS x
            WHERE x.instrument_id = k.instrument_id AND (k.basis <> 'r' OR x.ex_date <= k.session)), 1) AS level
    FROM known AS k
    JOIN warehouse.dim_price_unit AS u USING (unit_id)
    JOIN mart.currency_family AS f ON f.code = u.currency
    JOIN warehouse.dim_instrument AS i USING (instrument_id)
    LEFT JOIN calendar AS c ON c.mic = i.mic AND c.session = k.session
),
stepped AS (
    SELECT p.*, landing.unit_level(p.level, p.n, p.forced) OVER (
        PARTITION BY p.instrument_id ORDER BY p.session, p.row_no ROWS UNBOUNDED PRECEDING) AS state
    FROM placed AS p
)
INSERT INTO pg_temp.walked (row_no, instrument_id, session, quarantine_id, held, evidence)
SELECT row_no, instrument_id, session, quarantine_id, (state).held, CASE WHEN (state).held THEN jsonb_build_object(
    'close', close, 'previous_close', round((state).against * close / level, 10),
    'ratio', round(level / (state).against, 4), 'factor', landing.unit_step(level / (state).against)) END
FROM stepped
WHERE forced IS NULL OR row_no IS NOT NULL
