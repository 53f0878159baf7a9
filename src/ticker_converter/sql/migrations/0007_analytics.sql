-- Analytics: a smoothed average as an aggregate, the last bar of each instrument, and how far each has moved.

CREATE TYPE mart.smoothing AS (sessions integer, total numeric, value numeric);

CREATE FUNCTION mart.smoothing_step(state mart.smoothing, x numeric, n integer, weight integer) RETURNS mart.smoothing
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    IF x IS NULL THEN
        RETURN NULL;
    ELSIF state.value IS NOT NULL THEN
        RETURN ROW(n, NULL, round((weight * round(x, 30) + (n - 1) * state.value) / (n - 1 + weight), 30))::mart.smoothing;
    ELSIF coalesce(state.sessions, 0) + 1 < n THEN
        RETURN ROW(coalesce(state.sessions, 0) + 1, coalesce(state.total, 0) + x, NULL)::mart.smoothing;
    END IF;
    RETURN ROW(n, NULL, round(round(coalesce(state.total, 0) + x, 30) / n, 30))::mart.smoothing;
END
$$;

CREATE FUNCTION mart.smoothing_value(state mart.smoothing) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN state.value;

CREATE AGGREGATE mart.smoothed (x numeric, n integer, weight integer) (
    sfunc = mart.smoothing_step, stype = mart.smoothing, finalfunc = mart.smoothing_value
);
COMMENT ON AGGREGATE mart.smoothed(numeric, integer, integer) IS
    'Over rows in order: the mean of the first n, then (weight x + (n-1) before)/(n-1+weight), 30 decimals each step; null until n rows, and anew after a null. Weight 2: EMA with alpha 2/(n+1); weight 1: Wilder''s average.';

CREATE FUNCTION mart.bar_until(p_instrument integer, p_until date, p_basis "char", p_skip integer, p_known timestamptz)
RETURNS TABLE (session date, unit_id smallint, basis "char", close numeric, volume numeric)
LANGUAGE sql STABLE
AS $$
    -- The last bar on or before p_until (of one basis; null: of any), or the p_skip-th before it. Two arms, because over
    -- mart.bars alone every bar of the instrument is read and sorted: 8 s for 10,000 instruments of 270 bars, now 0.1.
    SELECT * FROM (
        SELECT p.session, p.unit_id, p.basis, p.close, p.volume
        FROM mart.price AS p
        WHERE p_known IS NULL AND p.instrument_id = p_instrument AND p.session <= p_until
            AND (p_basis IS NULL OR p.basis = p_basis)
        ORDER BY p.session DESC OFFSET p_skip LIMIT 1
    ) AS current
    UNION ALL
    SELECT * FROM (
        SELECT b.session, b.unit_id, b.basis, b.close, b.volume
        FROM mart.bars(p_instrument, '-infinity', p_until, p_known) AS b
        WHERE p_known IS NOT NULL AND (p_basis IS NULL OR b.basis = p_basis)
        ORDER BY b.session DESC OFFSET p_skip LIMIT 1
    ) AS known
$$;

CREATE FUNCTION mart.latest(p_on date, p_known timestamptz)
RETURNS TABLE (
    instrument_id integer, symbol text, mic text, session date, unit text, currency text, per integer, basis "char",
    close numeric, volume numeric, missing text
)
LANGUAGE sql STABLE
AS $$
    -- The last stored bar on or before p_on of every instrument on the watch list, as stored. `missing`: `no_price`,
    -- or `price_too_old` where it is more than 10 sessions older than p_on.
    WITH bar AS MATERIALIZED (
        SELECT i.instrument_id, i.symbol, i.mic, b.session, b.basis, b.close, b.volume, b.unit_id
        FROM mart.instrument AS i
        LEFT JOIN LATERAL mart.bar_until(i.instrument_id, p_on, NULL, 0, p_known) AS b ON true
        WHERE i.watched
    ),
    age AS MATERIALIZED (
        SELECT d.mic, d.session, mart.sessions_between(d.mic, d.session, p_on) AS sessions
        FROM (SELECT DISTINCT bar.mic, bar.session FROM bar WHERE bar.session IS NOT NULL) AS d
    )
    SELECT b.instrument_id, b.symbol, b.mic, b.session, u.unit, u.currency, u.per, b.basis, b.close, b.volume,
        CASE WHEN b.session IS NULL THEN 'no_price' WHEN a.sessions > 10 THEN 'price_too_old' END
    FROM bar AS b
    LEFT JOIN age AS a ON a.session = b.session AND a.mic IS NOT DISTINCT FROM b.mic
    LEFT JOIN mart.price_unit AS u USING (unit_id)
$$;

CREATE FUNCTION mart.moves(
    p_on date, p_back integer, p_before date, p_adjust text, p_to text, p_known timestamptz, p_sources text[],
    p_max_age integer, p_pegs boolean
)
RETURNS TABLE (
    symbol text, mic text, currency text, base date, session date, close numeric, local numeric, fx numeric,
    total numeric, turnover numeric, missing text
)
LANGUAGE sql STABLE
AS $$
    -- How far each watched instrument moved to its last session on or before p_on, from the p_back-th session before
    -- (p_before null) or from the last session before p_before. close and turnover in p_to (null: the listing's
    -- currency); local, fx and total as DESIGN section 4 has returns, unrounded. A row that cannot be judged has
    -- `missing`. Both sessions have the basis of the last one.
    WITH pair AS MATERIALIZED (
        SELECT l.*, b.session AS base, round(b.close, 40) / bu.per AS base_close, bu.currency AS base_currency,
            coalesce(p_to, l.currency) AS target,
            coalesce(l.missing, CASE
                WHEN l.basis = 's' AND p_adjust <> 'splits' OR l.basis = 'a' AND p_adjust <> 'all' THEN 'basis'
                WHEN b.session IS NULL OR b.session >= l.session THEN 'too_few_sessions' END) AS reason
        FROM mart.latest(p_on, p_known) AS l
        LEFT JOIN LATERAL mart.bar_until(
            l.instrument_id, coalesce(p_before, l.session) - 1, l.basis, p_back - 1, p_known) AS b ON l.missing IS NULL
        LEFT JOIN mart.price_unit AS bu ON bu.unit_id = b.unit_id
    ),
    acted AS MATERIALIZED (  -- the few with an action in the window: only for these are all actions worked out, 1 ms each
        SELECT p.instrument_id, p.base, p.session
        FROM pair AS p
        WHERE p.reason IS NULL AND p.basis = 'r' AND p_adjust <> 'none' AND EXISTS (
            SELECT FROM mart.corporate_action AS a
            WHERE a.instrument_id = p.instrument_id AND a.ex_date > p.base AND a.ex_date <= p.session
                AND (a.kind <> 'dividend' OR p_adjust = 'all'))
    ),
    span AS MATERIALIZED (
        SELECT a.instrument_id, a.base, a.session, f.*
        FROM acted AS a
        CROSS JOIN LATERAL mart.adjustments(a.instrument_id, p_adjust, p_known, p_sources, p_max_age, p_pegs) AS f
    ),
    factor AS (
        SELECT b.instrument_id, round(b.num * e.den, 60) / (b.den * e.num) AS ratio, b.missing
        FROM span AS b
        JOIN span AS e USING (instrument_id)
        WHERE b.base BETWEEN b.from_day AND b.to_day AND e.session BETWEEN e.from_day AND e.to_day
    ),
    asked AS (
        SELECT d.currency, d.target, min(d.day) AS first, max(d.day) AS last
        FROM (
            SELECT p.currency, p.target, p.session AS day FROM pair AS p WHERE p.reason IS NULL OR p.reason <> 'price_too_old'
            UNION ALL
            SELECT p.base_currency, p.target, p.base FROM pair AS p WHERE p.reason IS NULL
        ) AS d
        WHERE d.day IS NOT NULL
        GROUP BY d.currency, d.target
    ),
    rate AS MATERIALIZED (
        SELECT a.currency, a.target, r.day, r.rate, r.missing
        FROM asked AS a
        CROSS JOIN LATERAL mart.fx_rates(
            a.currency, a.target, a.first, a.last, p_sources, p_max_age, p_known, 0, p_pegs, false) AS r
    ),
    link AS MATERIALIZED (
        SELECT c.base_currency, c.currency, c.session, r.rate
        FROM (
            SELECT DISTINCT p.base_currency, p.currency, p.session FROM pair AS p
            WHERE p.reason IS NULL AND p.base_currency <> p.currency
        ) AS c
        CROSS JOIN LATERAL mart.fx_rates(
            c.base_currency, c.currency, c.session, c.session, p_sources, p_max_age, p_known, 0, p_pegs, false) AS r
    )
    SELECT p.symbol, p.mic, p.currency, p.base, p.session, round(p.close * e.rate, 40) / p.per, v.price - 1, v.fx - 1,
        v.price * v.fx - 1,
        CASE WHEN p.basis <> 'a' THEN round(p.close * p.volume * e.rate, 40) / p.per END,
        coalesce(p.reason, e.missing, b.missing, f.missing)
    FROM pair AS p
    LEFT JOIN factor AS f USING (instrument_id)
    LEFT JOIN rate AS e ON e.currency = p.currency AND e.target = p.target AND e.day = p.session
    LEFT JOIN rate AS b ON b.currency = p.base_currency AND b.target = p.target AND b.day = p.base AND p.reason IS NULL
    LEFT JOIN link AS k
        ON k.base_currency = p.base_currency AND k.currency = p.currency AND k.session = p.session
    CROSS JOIN LATERAL (
        SELECT CASE WHEN p.base_currency = p.currency THEN 1 ELSE k.rate END AS step,
            CASE WHEN f.instrument_id IS NULL THEN 1 WHEN f.missing IS NULL THEN f.ratio END AS adjusted
    ) AS g
    CROSS JOIN LATERAL (
        SELECT
            CASE WHEN p.reason IS NULL THEN round(p.close, 60) / (p.base_close * g.adjusted * g.step * p.per) END AS price,
            CASE WHEN p.reason IS NULL THEN round(e.rate * g.step, 60) / b.rate END AS fx
    ) AS v
$$;
