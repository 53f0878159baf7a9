-- One instrument's closes, adjusted and with the rate of each session: what returns, indicators and rankings read.

CREATE FUNCTION mart.basis_of(p_instrument integer, p_known timestamptz) RETURNS text
LANGUAGE sql STABLE
AS $$
    -- The basis in which an instrument's series is given: raw where any bar is, else the adjusted one that is stored.
    SELECT b.basis FROM mart.bars(p_instrument, '-infinity', 'infinity', p_known) AS b
    ORDER BY position(b.basis::text IN 'rsa') LIMIT 1
$$;

CREATE FUNCTION mart.closes(
    p_instrument integer, p_first date, p_last date, p_adjust text, p_to text, p_known timestamptz, p_sources text[],
    p_max_age integer, p_pegs boolean
)
RETURNS TABLE (
    session date, currency text, close numeric, link numeric, rate numeric, rate_date date, source text, missing text
)
LANGUAGE sql STABLE
AS $$
    -- close: in units of `currency`, adjusted, unrounded; null where a dividend after it has no rate. link: how much of
    -- this session's currency one of the session before was (1, unless the listing's currency changed: then its legal
    -- factor or the rate of the day). rate: from `currency` to p_to (null: the currency of the last session). Two bases
    -- are never mixed; a series stored split-adjusted has no other adjustment.
    WITH basis AS MATERIALIZED (  -- this and `adjusted`, inlined, ran once per bar: 35 s for 6,080 bars, now 0.15
        SELECT mart.basis_of(p_instrument, p_known) AS code
    ),
    adjusted AS MATERIALIZED (
        SELECT a.*
        FROM basis
        CROSS JOIN LATERAL mart.adjustments(
            p_instrument, CASE WHEN basis.code = 'r' THEN p_adjust ELSE 'none' END, p_known, p_sources, p_max_age,
            p_pegs) AS a
    ),
    bar AS MATERIALIZED (
        SELECT b.session, u.currency, a.missing,
            CASE WHEN a.missing IS NULL THEN round(b.close * a.num, 40) / (a.den * u.per) END AS close,
            lag(u.currency) OVER (ORDER BY b.session) AS currency_before
        FROM basis
        CROSS JOIN LATERAL mart.bars(p_instrument, p_first, p_last, p_known) AS b
        JOIN mart.price_unit AS u USING (unit_id)
        JOIN adjusted AS a ON b.session BETWEEN a.from_day AND a.to_day
        WHERE b.basis::text = basis.code
    ),
    span AS (
        SELECT bar.currency, min(bar.session) AS first, max(bar.session) AS last FROM bar GROUP BY bar.currency
    ),
    fx AS MATERIALIZED (
        SELECT s.currency, r.day, r.rate, r.rate_date, r.source, r.missing
        FROM span AS s
        CROSS JOIN LATERAL mart.fx_rates(
            s.currency, coalesce(p_to, (SELECT x.currency FROM bar AS x ORDER BY x.session DESC LIMIT 1)), s.first, s.last,
            p_sources, p_max_age, p_known, 0, p_pegs, false) AS r
    ),
    link AS MATERIALIZED (
        SELECT c.session, r.rate, r.missing
        FROM (SELECT * FROM bar WHERE bar.currency_before <> bar.currency OFFSET 0) AS c
        CROSS JOIN LATERAL mart.fx_rates(
            c.currency_before, c.currency, c.session, c.session, p_sources, p_max_age, p_known, 0, p_pegs, false) AS r
    )
    SELECT b.session, b.currency, b.close, CASE WHEN b.currency_before <> b.currency THEN l.rate ELSE 1 END,
        f.rate, f.rate_date, f.source, coalesce(b.missing, f.missing, l.missing)
    FROM bar AS b
    LEFT JOIN fx AS f ON f.day = b.session AND f.currency = b.currency
    LEFT JOIN link AS l ON l.session = b.session
$$;

CREATE FUNCTION mart.sessions_between(p_mic text, p_after date, p_until date) RETURNS integer
LANGUAGE sql STABLE
AS $$
    -- Sessions after one day, up to another; weekdays where no calendar covers the exchange.
    SELECT CASE WHEN e.covered_from <= p_after AND e.covered_to >= p_until
        THEN (SELECT count(*) FROM mart.session AS s
            WHERE s.mic = p_mic AND s.session > p_after AND s.session <= p_until)
        ELSE (SELECT count(*) FROM generate_series(1, p_until - p_after) AS n
            WHERE extract(isodow FROM p_after + n::integer) < 6) END
    FROM (SELECT 1) AS one
    LEFT JOIN mart.exchange AS e ON e.mic = p_mic
$$;
