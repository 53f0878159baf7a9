-- What readers see: views over the warehouse, and conversion, adjustment and rounding as functions.

---------------------------------------------------------------------------------------------------------------
-- Views: the only way from a reader to the warehouse (they run with their owner's rights)
---------------------------------------------------------------------------------------------------------------

CREATE VIEW mart.currency AS
SELECT code, name, minor_digits, valid_from, valid_to FROM warehouse.dim_currency;

CREATE VIEW mart.price_unit AS
SELECT unit_id, unit, currency, per FROM warehouse.dim_price_unit;

CREATE VIEW mart.legal_factor AS
SELECT old, new, factor, effective, kind, source FROM warehouse.legal_factor;

CREATE VIEW mart.peg AS
SELECT currency, anchor, rate, valid_from, valid_to, source FROM warehouse.peg;

CREATE VIEW mart.source AS
SELECT source_id, source, pivot, time_zone, final_at, fixing, handmade FROM warehouse.dim_source;

CREATE VIEW mart.exchange AS
SELECT mic, name, country, time_zone, covered_from, covered_to FROM warehouse.dim_exchange;

CREATE VIEW mart.session AS
SELECT mic, session, closes_at FROM warehouse.dim_date;

CREATE VIEW mart.publication AS
SELECT load_id, run_id, kind, known_from, recorded_at FROM landing.load;

CREATE VIEW mart.state AS
SELECT published_at, version FROM warehouse.state;

CREATE VIEW mart.instrument AS
SELECT
    i.instrument_id, i.symbol, i.mic, i.name, i.kind, i.providers, i.watched, i.listed_from, i.listed_to,
    u.unit, u.currency, c.first_session, c.last_session, coalesce(c.bars, 0) AS bars
FROM warehouse.dim_instrument AS i
LEFT JOIN LATERAL (
    SELECT p.unit, p.currency
    FROM warehouse.instrument_unit AS iu
    JOIN warehouse.dim_price_unit AS p USING (unit_id)
    WHERE iu.instrument_id = i.instrument_id
    ORDER BY iu.valid_from DESC
    LIMIT 1
) AS u ON true
LEFT JOIN warehouse.coverage AS c USING (instrument_id);

CREATE VIEW mart.price AS
SELECT instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
FROM warehouse.fact_price;

CREATE VIEW mart.price_revision AS
SELECT
    instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume, known_from, known_to
FROM warehouse.fact_price_revision;

CREATE VIEW mart.fx_rate AS
SELECT source_id, base, quote, rate_date, rate, load_id, known_from FROM warehouse.fact_fx_rate;

CREATE VIEW mart.fx_rate_revision AS
SELECT source_id, base, quote, rate_date, rate, load_id, known_from, known_to
FROM warehouse.fact_fx_rate_revision;

CREATE VIEW mart.corporate_action AS
SELECT a.*, 'infinity'::timestamptz AS known_to FROM warehouse.fact_corporate_action AS a
UNION ALL
SELECT
    instrument_id, source_id, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis, load_id, known_from,
    known_to
FROM warehouse.fact_corporate_action_revision;

CREATE TABLE mart.currency_family (
    code text COLLATE "C" PRIMARY KEY,
    canonical text COLLATE "C" NOT NULL,
    per numeric NOT NULL,
    retired_on date,
    successor text COLLATE "C",
    successor_per numeric,
    successor_on date
);
COMMENT ON TABLE mart.currency_family IS
    'A code and the newest code of the same money through redenominations (1 canonical = per code), from when a source may no longer be believed about it (retired_on), and what the canonical was changed over to (1 successor = successor_per canonical, from successor_on).';

---------------------------------------------------------------------------------------------------------------
-- Rounding, as DESIGN section 4 rule 7 has it; round(numeric) rounds half away from zero. Not STRICT: a strict function
-- with a CASE in it is called and not inlined, which doubled the time of a series.
---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION mart.exponent(x numeric) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN abs(x) >= 1 THEN length(trunc(abs(x))::text) - 1
    WHEN x = 0 THEN 0
    ELSE length(ltrim(split_part(trim_scale(abs(x))::text, '.', 2), '0')) - scale(trim_scale(x)) - 1
END;
COMMENT ON FUNCTION mart.exponent IS 'floor(log10(|x|)), exactly; 0 for 0.';

CREATE FUNCTION mart.significant(x numeric, digits integer) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN trim_scale(round(x, digits - 1 - mart.exponent(x)));
COMMENT ON FUNCTION mart.significant IS 'x rounded to so many significant digits; rates are reported with 12.';

CREATE FUNCTION mart.money(x numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN trim_scale(round(x, CASE
    WHEN abs(x) >= 1000 THEN 6
    WHEN abs(x) >= 100 THEN 7
    WHEN abs(x) >= 10 THEN 8
    WHEN abs(x) >= 1 THEN 9
    WHEN x = 0 THEN 6
    ELSE 9 - mart.exponent(x)
END));
COMMENT ON FUNCTION mart.money IS 'An amount or price as reported: 6 decimals or 10 significant digits, whichever is finer.';

CREATE AGGREGATE mart.product(numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1', parallel = safe);

---------------------------------------------------------------------------------------------------------------
-- Rates
---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION mart.fx_rate_known(p_known timestamptz)
RETURNS TABLE (source_id smallint, base text, quote text, rate_date date, rate numeric, known_from timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT source_id, base, quote, rate_date, rate, known_from FROM mart.fx_rate
    WHERE p_known IS NULL OR known_from <= p_known
    UNION ALL
    SELECT source_id, base, quote, rate_date, rate, known_from FROM mart.fx_rate_revision
    WHERE p_known IS NOT NULL AND known_from <= p_known AND p_known < known_to
$$;
COMMENT ON FUNCTION mart.fx_rate_known IS 'Rates as published, as believed at p_known (null: now).';

CREATE FUNCTION mart.legal_legs(p_from text, p_to text) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    -- The official factors between two codes of one money, in walking order; one `base` is `rate` `quote`.
    WITH RECURSIVE walk (code, legs, hops) AS (
        SELECT p_from COLLATE "C", '[]'::jsonb, 0
        UNION ALL
        SELECT
            CASE WHEN l.old = w.code THEN l.new ELSE l.old END,
            w.legs || jsonb_build_object(
                'base', l.new, 'quote', l.old, 'rate', l.factor, 'date', l.effective, 'source', l.source,
                'revision', NULL, 'use', 'legal'),
            w.hops + 1
        FROM walk AS w
        JOIN mart.legal_factor AS l ON w.code IN (l.old, l.new)
        WHERE w.code <> p_to AND w.hops < 6
            AND NOT w.legs @> jsonb_build_array(jsonb_build_object('base', l.new, 'quote', l.old))
    )
    SELECT legs FROM walk WHERE code = p_to ORDER BY hops LIMIT 1
$$;

CREATE FUNCTION mart.fx_routes(
    p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamptz, p_legs boolean
)
RETURNS TABLE (ord bigint, source text, handmade boolean, rate_date date, num numeric, den numeric, legs jsonb)
LANGUAGE sql STABLE
AS $$
    -- Every date on which one source published all it takes to go from one canonical currency to another, with the
    -- best route of that date: direct or inverse before a cross; rate = num / den.
    WITH src AS (
        SELECT s.source_id, s.source, s.pivot, s.handmade, s.fixing, o.ord
        FROM unnest(p_sources) WITH ORDINALITY AS o (source, ord)
        JOIN mart.source AS s USING (source)
    ),
    code AS (
        SELECT s.source_id, f.code, f.canonical, f.per, f.retired_on
        FROM src AS s
        JOIN mart.currency_family AS f ON f.canonical IN (p_from, p_to, s.pivot)
    ),
    published AS (
        -- a source with a pivot: only the pairs among the two currencies and the pivot. LATERAL and OFFSET 0 keep these
        -- as index lookups whatever the planner guesses: 90 ms of hash joins over the whole table became 6 ms.
        SELECT r.source_id, b.canonical AS x, q.canonical AS y, r.rate_date, r.base, r.quote, r.rate, r.known_from,
            b.per AS x_per, q.per AS y_per, b.retired_on AS x_until, q.retired_on AS y_until, s.pivot
        FROM src AS s
        JOIN code AS b ON b.source_id = s.source_id
        JOIN code AS q ON q.source_id = s.source_id AND q.canonical <> b.canonical
        CROSS JOIN LATERAL (
            SELECT * FROM mart.fx_rate_known(p_known) AS k
            WHERE k.source_id = s.source_id AND k.base = b.code AND k.quote = q.code
                AND k.rate_date BETWEEN p_low AND p_high
            OFFSET 0
        ) AS r
        WHERE s.pivot IS NOT NULL
            AND (b.retired_on IS NULL OR r.rate_date < b.retired_on)
            AND (q.retired_on IS NULL OR r.rate_date < q.retired_on)
        UNION ALL
        -- a source without: whatever it published that touches either
        SELECT r.source_id, b.canonical, q.canonical, r.rate_date, r.base, r.quote, r.rate, r.known_from, b.per, q.per,
            b.retired_on, q.retired_on, NULL
        FROM src AS s
        CROSS JOIN LATERAL (
            SELECT * FROM mart.fx_rate_known(p_known) AS k
            WHERE k.source_id = s.source_id AND k.rate_date BETWEEN p_low AND p_high
            OFFSET 0
        ) AS r
        JOIN mart.currency_family AS b ON b.code = r.base
        JOIN mart.currency_family AS q ON q.code = r.quote
        WHERE s.pivot IS NULL
            AND (b.canonical IN (p_from, p_to) OR q.canonical IN (p_from, p_to)) AND b.canonical <> q.canonical
            AND (b.retired_on IS NULL OR r.rate_date < b.retired_on)
            AND (q.retired_on IS NULL OR r.rate_date < q.retired_on)
    ),
    leg AS (  -- each published row as a step from p_from (to p_to or to a pivot) or from a pivot to p_to
        SELECT p.*, v.via, v.near,
            CASE WHEN v.near AND p.x = p_from OR NOT v.near AND p.y = p_to THEN p.rate * p.x_per ELSE p.y_per END AS num,
            CASE WHEN v.near AND p.x = p_from OR NOT v.near AND p.y = p_to THEN p.y_per ELSE p.rate * p.x_per END AS den,
            CASE WHEN v.near AND p.x = p_from OR NOT v.near AND p.y = p_to THEN 'direct' ELSE 'inverse' END AS use
        FROM published AS p
        CROSS JOIN LATERAL (
            SELECT p_from IN (p.x, p.y) AS near,
                CASE WHEN p_from IN (p.x, p.y) AND p_to IN (p.x, p.y) THEN ''
                    WHEN p.x IN (p_from, p_to) THEN p.y ELSE p.x END AS via
        ) AS v
        WHERE v.via = '' OR p.pivot IS NULL OR v.via = p.pivot
    ),
    chosen AS (  -- where both directions are published, the one whose base is the pivot, else alphabetically first; where an
        -- old and a new code of one money are, the old one: until its last day it was the money
        SELECT DISTINCT ON (l.source_id, l.rate_date, l.via, l.near) l.*
        FROM leg AS l
        ORDER BY l.source_id, l.rate_date, l.via, l.near,
            l.x = CASE l.via WHEN '' THEN l.pivot ELSE l.via END DESC NULLS LAST, l.x, l.x_until, l.y_until
    ),
    route AS (
        SELECT c.source_id, c.rate_date, c.via, mart.product(c.num) AS num, mart.product(c.den) AS den,
            array_agg(c.base ORDER BY c.near DESC) AS bases, array_agg(c.quote ORDER BY c.near DESC) AS quotes,
            array_agg(c.rate ORDER BY c.near DESC) AS rates, array_agg(c.use ORDER BY c.near DESC) AS uses,
            array_agg(c.known_from ORDER BY c.near DESC) AS knowns
        FROM chosen AS c
        GROUP BY c.source_id, c.rate_date, c.via
        HAVING c.via = '' OR count(*) = 2
    ),
    best AS (
        SELECT DISTINCT ON (source_id, rate_date) *
        FROM route
        ORDER BY source_id, rate_date, via <> '', via = 'EUR' DESC, via = 'USD' DESC, via
    )
    SELECT s.ord, s.source, s.handmade, b.rate_date, b.num, b.den,
        CASE WHEN p_legs THEN (
            SELECT jsonb_agg(jsonb_build_object(
                'base', leg.base, 'quote', leg.quote, 'rate', leg.rate, 'date', b.rate_date, 'source', s.source,
                'revision', 1 + (
                    SELECT count(*) FROM mart.fx_rate_revision AS old
                    WHERE old.source_id = b.source_id AND old.base = leg.base AND old.quote = leg.quote
                        AND old.rate_date = b.rate_date AND old.known_from < leg.known_from),
                'use', leg.use, 'fixing', s.fixing) ORDER BY leg.n)
            FROM unnest(b.bases, b.quotes, b.rates, b.uses, b.knowns) WITH ORDINALITY
                AS leg (base, quote, rate, use, known_from, n))
        END
    FROM best AS b
    JOIN src AS s USING (source_id)
$$;

CREATE FUNCTION mart.fx_days(
    p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer, p_known timestamptz,
    p_lag integer, p_legs boolean
)
RETURNS TABLE (day date, num numeric, den numeric, rate_date date, ord bigint, source text, legs jsonb)
LANGUAGE sql STABLE
AS $$
    -- One row per calendar day that a single source answers: each published date holds until the next one, p_max_age
    -- days at most; a person's own rates step back where a later source has a newer date.
    WITH held AS (
        SELECT r.*,
            greatest(r.rate_date + p_lag, p_first) AS valid_from,
            least(
                r.rate_date + p_max_age, p_last,
                lead(r.rate_date) OVER (PARTITION BY r.ord ORDER BY r.rate_date) + p_lag - 1) AS valid_to
        FROM mart.fx_routes(p_from, p_to, p_first - p_max_age, p_last - p_lag, p_sources, p_known, p_legs) AS r
    ),
    answer AS (
        SELECT h.*, h.valid_from + n AS day,
            max(h.rate_date) OVER (
                PARTITION BY h.valid_from + n ORDER BY h.ord DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS newest_later
        FROM held AS h
        CROSS JOIN LATERAL generate_series(0, h.valid_to - h.valid_from) AS n
    )
    SELECT DISTINCT ON (a.day) a.day, a.num, a.den, a.rate_date, a.ord, a.source, a.legs
    FROM answer AS a
    WHERE NOT a.handmade OR a.newest_later IS NULL OR a.newest_later <= a.rate_date
    ORDER BY a.day, a.ord
$$;

CREATE FUNCTION mart.fx_via(
    p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamptz
)
RETURNS TABLE (code text)
LANGUAGE sql STABLE
AS $$
    -- Where two sources may be joined: at a source's pivot, or at whatever a source without one has published. None
    -- while fewer than two of the sources have any rate.
    WITH src AS (
        SELECT s.source_id, s.pivot
        FROM mart.source AS s
        WHERE s.source = ANY (p_sources) AND EXISTS (SELECT FROM mart.fx_rate AS r WHERE r.source_id = s.source_id)
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

CREATE FUNCTION mart.fx_joined(
    p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer, p_known timestamptz,
    p_lag integer, p_legs boolean
)
RETURNS TABLE (day date, num numeric, den numeric, rate_date date, source text, legs jsonb)
LANGUAGE sql STABLE
AS $$
    -- The last resort: one join of two sources at the pivot of either. The order of choice: the sources' configured
    -- order, the newer date, fewer legs, then EUR, USD and the alphabet; the same one there and back.
    WITH src AS (
        SELECT s.source, s.pivot, o.ord
        FROM unnest(p_sources) WITH ORDINALITY AS o (source, ord)
        JOIN mart.source AS s USING (source)
    ),
    near AS MATERIALIZED (
        SELECT v.code AS via, s.ord, s.source, s.pivot, d.*
        FROM mart.fx_via(p_from, p_to, p_first - p_max_age, p_last - p_lag, p_sources, p_known) AS v
        CROSS JOIN src AS s
        CROSS JOIN LATERAL mart.fx_days(
            p_from, v.code, p_first, p_last, ARRAY[s.source], p_max_age, p_known, p_lag, true) AS d
            (day, num, den, rate_date, alone, name, legs)
    ),
    far AS MATERIALIZED (
        SELECT v.via, s.ord, s.source, s.pivot, d.*
        FROM (SELECT DISTINCT n.via FROM near AS n) AS v
        CROSS JOIN src AS s
        CROSS JOIN LATERAL mart.fx_days(
            v.via, p_to, p_first, p_last, ARRAY[s.source], p_max_age, p_known, p_lag, true) AS d
            (day, num, den, rate_date, alone, name, legs)
    )
    SELECT DISTINCT ON (a.day) a.day, a.num * b.num, a.den * b.den, o.older,
        CASE WHEN a.ord < b.ord THEN a.source || '+' || b.source ELSE b.source || '+' || a.source END,
        CASE WHEN p_legs THEN a.legs || b.legs END
    FROM near AS a
    JOIN far AS b ON b.via = a.via AND b.day = a.day AND b.ord <> a.ord
        AND (a.pivot IS NULL OR b.pivot IS NULL OR a.via IN (a.pivot, b.pivot))
    CROSS JOIN LATERAL (SELECT least(a.rate_date, b.rate_date) AS older) AS o
    ORDER BY a.day, least(a.ord, b.ord), greatest(a.ord, b.ord), o.older DESC, jsonb_array_length(a.legs || b.legs),
        a.via = 'EUR' DESC, a.via = 'USD' DESC, a.via, (a.ord < b.ord) = (p_from < p_to) DESC
$$;

CREATE FUNCTION mart.fx_span(
    p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamptz
)
RETURNS TABLE (first date, last date)
LANGUAGE sql STABLE
AS $$
    -- The first and the last date on which one of the sources tells the rate.
    SELECT min(r.rate_date), max(r.rate_date)
    FROM mart.fx_routes(p_from, p_to, p_low, p_high, p_sources, p_known, false) AS r
$$;

CREATE FUNCTION mart.fx_joined_span(
    p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamptz
)
RETURNS TABLE (first date, last date)
LANGUAGE sql STABLE
AS $$
    -- The first and the last date on which two of the sources together do, of whatever age.
    WITH half AS MATERIALIZED (
        SELECT v.code AS via, s.source, s.pivot, side.near, x.first, x.last
        FROM mart.fx_via(p_from, p_to, p_low, p_high, p_sources, p_known) AS v
        JOIN mart.source AS s ON s.source = ANY (p_sources)
        CROSS JOIN (VALUES (true), (false)) AS side (near)
        CROSS JOIN LATERAL mart.fx_span(
            CASE WHEN side.near THEN p_from ELSE v.code END, CASE WHEN side.near THEN v.code ELSE p_to END,
            p_low, p_high, ARRAY[s.source], p_known) AS x
        WHERE x.first IS NOT NULL
    )
    SELECT min(greatest(a.first, b.first)), max(least(a.last, b.last))
    FROM half AS a
    JOIN half AS b ON b.via = a.via AND b.source <> a.source
        AND (a.pivot IS NULL OR b.pivot IS NULL OR a.via IN (a.pivot, b.pivot))
    WHERE a.near AND NOT b.near
$$;

CREATE FUNCTION mart.fx_rates(
    p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer DEFAULT 7,
    p_known timestamptz DEFAULT NULL, p_lag integer DEFAULT 0, p_pegs boolean DEFAULT false,
    p_legs boolean DEFAULT false
)
RETURNS TABLE (day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
LANGUAGE plpgsql STABLE ROWS 1000
AS $$
-- One row per calendar day from p_first to p_last: the rate by the rules of conversion, or null and why
-- (`no_rate`, `rate_too_old`). Rates carry 40 decimals: PostgreSQL's own division keeps 17 digits.
DECLARE
    f mart.currency_family;
    t mart.currency_family;
    cut date;
    low date := p_first;
    high date;
    f_code text; f_per numeric;
    t_code text; t_per numeric;
    legal jsonb;
BEGIN
    SELECT * INTO STRICT f FROM mart.currency_family WHERE code = p_from;
    SELECT * INTO STRICT t FROM mart.currency_family WHERE code = p_to;
    IF p_from = p_to THEN
        RETURN QUERY
        SELECT p_first + n, round(1::numeric, 40), NULL::date, 'identity'::text, NULL::text, '[]'::jsonb
        FROM generate_series(0, p_last - p_first) AS n;
        RETURN;
    END IF;
    -- A changeover inside the range cuts it: before it the old currency has a market, after it only its factor.
    FOR cut IN
        SELECT d FROM (VALUES (f.successor_on), (t.successor_on), ('infinity'::date)) AS v (d)
        WHERE d > p_first GROUP BY d ORDER BY d
    LOOP
        high := least(p_last, CASE WHEN cut = 'infinity' THEN p_last ELSE cut - 1 END);
        EXIT WHEN low > high;
        f_code := CASE WHEN f.successor_on <= low THEN f.successor ELSE f.canonical END;
        f_per := f.per * CASE WHEN f.successor_on <= low THEN f.successor_per ELSE 1 END;
        t_code := CASE WHEN t.successor_on <= low THEN t.successor ELSE t.canonical END;
        t_per := t.per * CASE WHEN t.successor_on <= low THEN t.successor_per ELSE 1 END;
        IF f_code = t_code THEN
            legal := mart.legal_legs(p_from, f_code) || mart.legal_legs(f_code, p_to);
            RETURN QUERY
            SELECT low + n, round(t_per, 40) / f_per, NULL::date, 'legal'::text, NULL::text, legal
            FROM generate_series(0, high - low) AS n;
        ELSE
            RETURN QUERY
            WITH answered AS MATERIALIZED (
                SELECT * FROM mart.fx_days(
                    f_code, t_code, low, high, p_sources, p_max_age, p_known, p_lag, p_legs)
            )
            SELECT d.day, round(d.num * t_per, 40) / (d.den * f_per), d.rate_date, d.source, NULL::text,
                CASE WHEN p_legs THEN mart.with_legal(p_from, d.legs, p_to) END
            FROM answered AS d
            UNION ALL
            SELECT m.*
            FROM mart.fx_unanswered(
                p_from, p_to, f_code, t_code, f_per, t_per,
                ARRAY(SELECT low + n FROM generate_series(0, high - low) AS n EXCEPT SELECT d.day FROM answered AS d),
                p_sources, p_max_age, p_known, p_lag, p_pegs, p_legs) AS m;
        END IF;
        low := high + 1;
    END LOOP;
END
$$;

CREATE FUNCTION mart.with_legal(p_from text, p_legs jsonb, p_to text) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    -- Market legs with the legal factors that lead to the first and from the last, walked code by code.
    WITH RECURSIVE walk (at, rest, done) AS (
        SELECT p_from COLLATE "C", p_legs, '[]'::jsonb
        UNION ALL
        SELECT step.leg ->> CASE step.leg ->> 'use' WHEN 'direct' THEN 'quote' ELSE 'base' END,
            w.rest - 0,
            w.done || coalesce(mart.legal_legs(w.at, step.leg ->> CASE step.leg ->> 'use' WHEN 'direct' THEN 'base' ELSE 'quote' END), '[]')
                || step.leg
        FROM walk AS w
        CROSS JOIN LATERAL (SELECT w.rest -> 0 AS leg) AS step
        WHERE jsonb_array_length(w.rest) > 0
    )
    SELECT w.done || coalesce(mart.legal_legs(w.at, p_to), '[]')
    FROM walk AS w
    WHERE jsonb_array_length(w.rest) = 0
$$;

CREATE FUNCTION mart.fx_unanswered(
    p_from text, p_to text, p_from_code text, p_to_code text, p_from_per numeric, p_to_per numeric, p_open date[],
    p_sources text[], p_max_age integer, p_known timestamptz, p_lag integer, p_pegs boolean, p_legs boolean
)
RETURNS TABLE (day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
LANGUAGE plpgsql STABLE ROWS 1000
AS $$
-- The days (p_open) that no single source answers: a join of two sources, then a peg where pegs are wanted, else why:
-- `rate_too_old` where a larger p_max_age would have given an answer.
DECLARE
    island record;
BEGIN
    IF p_open = '{}' THEN
        RETURN;
    END IF;
    -- Islands of open days, so that a hole at each end of thirty years does not cost thirty years.
    FOR island IN
        SELECT array_agg(n.day) AS days, min(n.day) AS first, max(n.day) AS last
        FROM (
            SELECT g.day, count(*) FILTER (WHERE g.gap > 366) OVER (ORDER BY g.day) AS number
            FROM (SELECT d AS day, d - lag(d) OVER (ORDER BY d) AS gap FROM unnest(p_open) AS d) AS g
        ) AS n
        GROUP BY n.number
    LOOP
        RETURN QUERY
        WITH joint AS MATERIALIZED (
            SELECT * FROM mart.fx_joined(
                p_from_code, p_to_code, island.first, island.last, p_sources, p_max_age, p_known, p_lag, p_legs)
        ),
        pegged AS MATERIALIZED (
            SELECT * FROM mart.fx_pegged(
                p_from, p_to, island.first, island.last, p_sources, p_max_age, p_known, p_lag, p_legs)
            WHERE p_pegs
        ),
        own AS MATERIALIZED (  -- read, and so looked for, only where nothing answers
            SELECT * FROM mart.fx_span(
                p_from_code, p_to_code, '-infinity', island.last - p_lag, p_sources, p_known)
        ),
        by_two AS MATERIALIZED (
            SELECT * FROM mart.fx_joined_span(
                p_from_code, p_to_code, '-infinity', island.last - p_lag, p_sources, p_known)
        )
        SELECT o.day, coalesce(round(j.num * p_to_per, 40) / (j.den * p_from_per), g.rate),
            coalesce(j.rate_date, g.rate_date), coalesce(j.source, g.source),
            CASE
                WHEN j.day IS NOT NULL OR g.rate IS NOT NULL THEN NULL
                WHEN g.missing = 'rate_too_old' THEN 'rate_too_old'
                WHEN (SELECT s.first FROM own AS s) <= o.day - p_lag THEN 'rate_too_old'
                WHEN (SELECT s.first FROM by_two AS s) <= o.day - p_lag THEN 'rate_too_old'
                ELSE 'no_rate'
            END,
            CASE WHEN p_legs THEN coalesce(mart.with_legal(p_from, j.legs, p_to), g.legs) END
        FROM unnest(island.days) AS o (day)
        LEFT JOIN joint AS j ON j.day = o.day
        LEFT JOIN pegged AS g ON g.day = o.day AND j.day IS NULL;
    END LOOP;
END
$$;

CREATE FUNCTION mart.fx_pegged(
    p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer, p_known timestamptz,
    p_lag integer, p_legs boolean
)
RETURNS TABLE (day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
LANGUAGE sql STABLE
AS $$
    -- Through a peg of the first currency, of the second, or of both: the fewest pegs, then that of the alphabetically
    -- later. A peg of one code of a money holds for all its codes. `source` is `peg` where it takes no market rate.
    WITH asked AS (
        SELECT c.code, c.code = p_from AS near, f.canonical, f.per
        FROM (VALUES (p_from), (p_to)) AS c (code)
        JOIN mart.currency_family AS f USING (code)
    ),
    reading AS (  -- one anchor is num/den of the code asked for
        SELECT a.near, g.anchor, g.rate * a.per AS num, f.per AS den, 1 AS pegs, g.valid_from AS first,
            coalesce(g.valid_to, 'infinity') AS last,
            CASE WHEN a.near THEN mart.legal_legs(a.code, g.currency) ELSE mart.legal_legs(g.currency, a.code) END AS legal,
            jsonb_build_array(jsonb_build_object(
                'base', g.anchor, 'quote', g.currency, 'rate', g.rate, 'date', g.valid_from, 'source', g.source,
                'revision', NULL, 'use', 'peg')) AS leg
        FROM asked AS a
        JOIN mart.currency_family AS f ON f.canonical = a.canonical
        JOIN mart.peg AS g ON g.currency = f.code
        UNION ALL
        SELECT a.near, a.code, 1, 1, 0, '-infinity', 'infinity', '[]', '[]' FROM asked AS a
    )
    SELECT DISTINCT ON (m.day) m.day, round(m.rate * t.num * f.den, 40) / (t.den * f.num), m.rate_date,
        CASE WHEN m.source IN ('identity', 'legal') THEN 'peg' ELSE m.source END, m.missing,
        f.legal || f.leg || m.legs || t.leg || t.legal
    FROM reading AS f
    JOIN reading AS t ON f.near AND NOT t.near AND f.pegs + t.pegs > 0
    CROSS JOIN LATERAL mart.fx_rates(
        f.anchor, t.anchor, greatest(p_first, f.first, t.first), least(p_last, f.last, t.last), p_sources, p_max_age,
        p_known, p_lag, false, p_legs) AS m
    WHERE greatest(p_first, f.first, t.first) <= least(p_last, f.last, t.last)
    ORDER BY m.day, m.missing IS NOT NULL, m.missing = 'no_rate', f.pegs + t.pegs,
        CASE WHEN p_from < p_to THEN f.pegs ELSE t.pegs END
$$;

---------------------------------------------------------------------------------------------------------------
-- Bars
---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION mart.bars(p_instrument integer, p_first date, p_last date, p_known timestamptz)
RETURNS TABLE (
    session date, source_id smallint, unit_id smallint, basis "char", open numeric, high numeric, low numeric,
    close numeric, volume numeric
)
LANGUAGE sql STABLE
AS $$
    SELECT p.session, p.source_id, p.unit_id, p.basis, p.open, p.high, p.low, p.close, p.volume
    FROM mart.price AS p
    WHERE p.instrument_id = p_instrument AND p.session BETWEEN p_first AND p_last
        AND (p_known IS NULL
            OR (SELECT l.known_from FROM mart.publication AS l WHERE l.load_id = p.load_id) <= p_known)
    UNION ALL
    SELECT p.session, p.source_id, p.unit_id, p.basis, p.open, p.high, p.low, p.close, p.volume
    FROM mart.price_revision AS p
    WHERE p_known IS NOT NULL AND p.instrument_id = p_instrument AND p.session BETWEEN p_first AND p_last
        AND p.known_from <= p_known AND p_known < p.known_to
$$;
COMMENT ON FUNCTION mart.bars IS 'Bars as stored, in their own unit and basis, as believed at p_known (null: now).';

CREATE FUNCTION mart.actions(p_instrument integer, p_known timestamptz)
RETURNS TABLE (
    kind text, ex_date date, type text, pay_date date, new numeric, old numeric, amount numeric, unit_id smallint,
    basis "char", source text
)
LANGUAGE sql STABLE
AS $$
    -- Of several providers' lists, on each date and kind the most preferred one's rows.
    SELECT ranked.kind, ranked.ex_date, ranked.type, ranked.pay_date, ranked.new, ranked.old, ranked.amount,
        ranked.unit_id, ranked.basis, ranked.source
    FROM (
        SELECT a.*, s.source,
            rank() OVER (
                PARTITION BY CASE WHEN a.kind = 'dividend' THEN 'dividend' ELSE 'split' END, a.ex_date
                ORDER BY s.source <> 'correction', array_position(i.providers, s.source) NULLS LAST, a.source_id
            ) AS place
        FROM mart.corporate_action AS a
        JOIN mart.source AS s USING (source_id)
        JOIN mart.instrument AS i USING (instrument_id)
        WHERE a.instrument_id = p_instrument
            AND CASE WHEN p_known IS NULL THEN a.known_to = 'infinity'
                ELSE a.known_from <= p_known AND p_known < a.known_to END
    ) AS ranked
    WHERE ranked.place = 1
$$;

CREATE FUNCTION mart.adjustments(
    p_instrument integer, p_adjust text, p_known timestamptz, p_sources text[], p_max_age integer, p_pegs boolean
)
RETURNS TABLE (from_day date, to_day date, num numeric, den numeric, shares_num numeric, shares_den numeric, missing text)
LANGUAGE sql STABLE
AS $$
    -- Spans of days with one adjustment factor each (price x num/den; volume x shares_num/shares_den), by DESIGN
    -- section 4: actions with d < ex-date <= the latest stored session; S(d) the product of the splits, and for `all`
    -- C/(C+D) per ex-date with C the raw close of the first session on or after it, D that date's cash dividends
    -- in the price's currency (what Alpha Vantage and Tiingo do).
    WITH last AS (
        SELECT max(b.session) AS session FROM mart.bars(p_instrument, '-infinity', 'infinity', p_known) AS b
    ),
    action AS (
        SELECT a.* FROM mart.actions(p_instrument, p_known) AS a, last
        WHERE p_adjust <> 'none' AND a.ex_date <= last.session AND (a.kind <> 'dividend' OR p_adjust = 'all')
    ),
    payment AS (
        SELECT a.ex_date, u.currency, sum(round(a.amount, 30) / u.per) AS amount
        FROM action AS a
        JOIN mart.price_unit AS u USING (unit_id)
        WHERE a.kind = 'dividend'
        GROUP BY a.ex_date, u.currency
    ),
    closing AS (
        -- looked for among a month's bars first: to sort all later ones for each of 100 dividends took 110 ms
        SELECT p.ex_date, round(coalesce(near.close, far.close), 30) / u.per AS close, u.currency
        FROM (SELECT DISTINCT ex_date FROM payment) AS p
        LEFT JOIN LATERAL (
            SELECT b.close, b.unit_id FROM mart.bars(p_instrument, p.ex_date, p.ex_date + 30, p_known) AS b
            WHERE b.basis = 'r' ORDER BY b.session LIMIT 1
        ) AS near ON true
        LEFT JOIN LATERAL (
            SELECT b.close, b.unit_id FROM mart.bars(p_instrument, p.ex_date + 31, 'infinity', p_known) AS b
            WHERE b.basis = 'r' AND near.close IS NULL ORDER BY b.session LIMIT 1
        ) AS far ON true
        JOIN mart.price_unit AS u ON u.unit_id = coalesce(near.unit_id, far.unit_id)
    ),
    paid AS (
        SELECT c.ex_date, c.close, sum(p.amount * r.rate) AS amount, bool_or(r.rate IS NULL) AS unknown
        FROM closing AS c
        JOIN payment AS p USING (ex_date)
        CROSS JOIN LATERAL (
            SELECT 1::numeric AS rate WHERE p.currency = c.currency
            UNION ALL
            SELECT m.rate
            FROM mart.fx_rates(
                p.currency, c.currency, c.ex_date, c.ex_date, p_sources, p_max_age, p_known, 0, p_pegs, false) AS m
            WHERE p.currency <> c.currency
        ) AS r
        GROUP BY c.ex_date, c.close
    ),
    factor AS (
        SELECT ex_date, old AS num, new AS den,
            CASE WHEN kind = 'split' THEN new ELSE 1 END AS shares_num,
            CASE WHEN kind = 'split' THEN old ELSE 1 END AS shares_den, false AS unknown
        FROM action WHERE kind <> 'dividend'
        UNION ALL
        SELECT ex_date, close, close + coalesce(amount, 0), 1, 1, unknown FROM paid
    ),
    day AS (
        SELECT ex_date, mart.product(num) AS num, mart.product(den) AS den, mart.product(shares_num) AS shares_num,
            mart.product(shares_den) AS shares_den, bool_or(unknown) AS unknown
        FROM factor
        GROUP BY ex_date
    )
    SELECT coalesce(lag(ex_date) OVER (ORDER BY ex_date), '-infinity'), ex_date - 1,
        mart.product(num) OVER later, mart.product(den) OVER later, mart.product(shares_num) OVER later,
        mart.product(shares_den) OVER later,
        CASE WHEN bool_or(unknown) OVER later THEN 'no_dividend_rate' END
    FROM day
    WINDOW later AS (ORDER BY ex_date DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    UNION ALL
    SELECT coalesce((SELECT max(ex_date) FROM day), '-infinity'), 'infinity', 1, 1, 1, 1, NULL
$$;

---------------------------------------------------------------------------------------------------------------
-- Rights: the flow is one-way even for a bad query
---------------------------------------------------------------------------------------------------------------

REVOKE ALL ON SCHEMA landing, warehouse, mart, access, audit FROM PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA mart TO ticker_reader, ticker_web;
GRANT SELECT ON ALL TABLES IN SCHEMA mart TO ticker_reader, ticker_web;
ALTER DEFAULT PRIVILEGES IN SCHEMA mart GRANT SELECT ON TABLES TO ticker_reader, ticker_web;
GRANT USAGE ON SCHEMA access TO ticker_web;

CREATE FUNCTION mart.price_shown(x numeric, as_published boolean) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN as_published THEN trim_scale(x) ELSE mart.money(x) END;

CREATE VIEW mart.run AS
SELECT run_id, command, arguments, started_at, finished_at, state, report, message FROM landing.run;

CREATE VIEW mart.quarantine AS
SELECT q.quarantine_id, q.kind, q.symbol, q.day, s.source, q.reason, q.evidence, q.content, d.payload_id, l.run_id, q.state,
    q.group_key, q.factor, q.decided_at, q.decided_by, q.decision_reason
FROM landing.quarantine AS q
JOIN landing.load AS l USING (load_id)
JOIN warehouse.dim_source AS s USING (source_id)
LEFT JOIN landing.delivery AS d USING (delivery_id);

CREATE VIEW mart.finding AS
SELECT f.finding_id, f.rule, f.subject, f.day, f.evidence, l.run_id, l.recorded_at
FROM landing.finding AS f
JOIN landing.load AS l USING (load_id);

CREATE VIEW mart.calls AS
SELECT provider, key_id, called_at, run_id FROM landing.quota_use;

CREATE VIEW mart.rate_coverage AS
SELECT s.source, r.base, r.quote, min(r.rate_date) AS first, max(r.rate_date) AS last, count(*) AS rates
FROM warehouse.fact_fx_rate AS r
JOIN warehouse.dim_source AS s USING (source_id)
GROUP BY s.source, r.base, r.quote;

CREATE VIEW mart.backdated AS
SELECT load_id, run_id, known_from, recorded_at FROM landing.load WHERE recorded_at > known_from + interval '1 minute';
COMMENT ON VIEW mart.backdated IS 'Imports with a knowledge time of their own: the one act that may change a past answer.';

GRANT SELECT ON ALL TABLES IN SCHEMA mart TO ticker_reader, ticker_web;
