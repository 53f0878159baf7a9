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
-- Rounding, as DESIGN section 4 rule 7 has it; round(numeric) rounds half away from zero
---------------------------------------------------------------------------------------------------------------

CREATE FUNCTION mart.exponent(x numeric) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE
    WHEN abs(x) >= 1 THEN length(trunc(abs(x))::text) - 1
    WHEN x = 0 THEN 0
    ELSE length(ltrim(split_part(trim_scale(abs(x))::text, '.', 2), '0')) - scale(trim_scale(x)) - 1
END;
COMMENT ON FUNCTION mart.exponent IS 'floor(log10(|x|)), exactly; 0 for 0.';

CREATE FUNCTION mart.significant(x numeric, digits integer) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN trim_scale(round(x, digits - 1 - mart.exponent(x)));
COMMENT ON FUNCTION mart.significant IS 'x rounded to so many significant digits; rates are reported with 12.';

CREATE FUNCTION mart.money(x numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
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
            b.per AS x_per, q.per AS y_per, s.pivot
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
            NULL
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
    chosen AS (  -- where both directions are published, the one whose base is the pivot, else alphabetically first
        SELECT DISTINCT ON (l.source_id, l.rate_date, l.via, l.near) l.*
        FROM leg AS l
        ORDER BY l.source_id, l.rate_date, l.via, l.near,
            l.x = CASE l.via WHEN '' THEN l.pivot ELSE l.via END DESC NULLS LAST, l.x, l.x_per, l.y_per
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

CREATE FUNCTION mart.fx_joined(
    p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer, p_known timestamptz,
    p_lag integer, p_legs boolean
)
RETURNS TABLE (day date, num numeric, den numeric, rate_date date, source text, legs jsonb)
LANGUAGE sql STABLE
AS $$
    -- The last resort: one join of two sources at a currency that both reach. The order of choice: the sources'
    -- configured order, the newer date, fewer legs, then EUR, USD and the alphabet.
    WITH src AS (
        SELECT s.source_id, s.source, s.pivot, o.ord
        FROM unnest(p_sources) WITH ORDINALITY AS o (source, ord)
        JOIN mart.source AS s USING (source)
    ),
    via AS (
        SELECT pivot AS code FROM src WHERE pivot IS NOT NULL
        UNION
        SELECT CASE WHEN b.canonical IN (p_from, p_to) THEN q.canonical ELSE b.canonical END
        FROM src AS s
        JOIN mart.fx_rate_known(p_known) AS r ON r.source_id = s.source_id
        JOIN mart.currency_family AS b ON b.code = r.base
        JOIN mart.currency_family AS q ON q.code = r.quote
        WHERE s.pivot IS NULL AND (b.canonical IN (p_from, p_to) OR q.canonical IN (p_from, p_to))
            AND r.rate_date BETWEEN p_first - p_max_age AND p_last
    ),
    found AS (
        SELECT a.day, a.num * b.num AS num, a.den * b.den AS den, least(a.rate_date, b.rate_date) AS rate_date,
            least(s1.ord, s2.ord) AS first_ord, greatest(s1.ord, s2.ord) AS second_ord,
            CASE WHEN s1.ord < s2.ord THEN s1.source || '+' || s2.source ELSE s2.source || '+' || s1.source END AS source,
            a.legs || b.legs AS legs, v.code AS via
        FROM via AS v
        JOIN src AS s1 ON true
        JOIN src AS s2 ON s2.ord <> s1.ord
        CROSS JOIN LATERAL mart.fx_days(
            p_from, v.code, p_first, p_last, ARRAY[s1.source], p_max_age, p_known, p_lag, p_legs) AS a
        CROSS JOIN LATERAL mart.fx_days(
            v.code, p_to, a.day, a.day, ARRAY[s2.source], p_max_age, p_known, p_lag, p_legs) AS b
        WHERE v.code NOT IN (p_from, p_to)
    )
    SELECT DISTINCT ON (f.day) f.day, f.num, f.den, f.rate_date, f.source, f.legs
    FROM found AS f
    ORDER BY f.day, f.first_ord, f.second_ord, f.rate_date DESC, jsonb_array_length(f.legs) NULLS LAST,
        f.via = 'EUR' DESC, f.via = 'USD' DESC, f.via
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
        SELECT p_first + n, 1::numeric, NULL::date, 'identity'::text, NULL::text, '[]'::jsonb
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
-- The days (p_open) that no single source answers: a join of two sources, then a peg where pegs are wanted, else why.
DECLARE
    earliest date;
    first date;
    last date;
BEGIN
    IF p_open = '{}' THEN
        RETURN;
    END IF;
    SELECT min(d), max(d) INTO first, last FROM unnest(p_open) AS d;
    SELECT min(r.rate_date) INTO earliest
    FROM mart.fx_routes(p_from_code, p_to_code, '-infinity', last - p_lag, p_sources, p_known, false) AS r;
    RETURN QUERY
    WITH open_day AS (
        SELECT d AS day FROM unnest(p_open) AS d
    ),
    joined AS MATERIALIZED (
        SELECT j.*
        FROM mart.fx_joined(
            p_from_code, p_to_code, first, last, p_sources, p_max_age, p_known, p_lag, p_legs) AS j
    ),
    pegged AS MATERIALIZED (
        SELECT DISTINCT ON (o.day) o.day, g.rate, g.rate_date, g.source, g.legs
        FROM open_day AS o
        CROSS JOIN LATERAL mart.fx_pegged(p_from, p_to, o.day, p_sources, p_max_age, p_known, p_lag, p_legs) AS g
        WHERE p_pegs AND NOT EXISTS (SELECT FROM joined AS j WHERE j.day = o.day)
        ORDER BY o.day
    )
    SELECT o.day,
        coalesce(round(j.num * p_to_per, 40) / (j.den * p_from_per), g.rate),
        coalesce(j.rate_date, g.rate_date), coalesce(j.source, g.source),
        CASE
            WHEN j.day IS NOT NULL OR g.day IS NOT NULL THEN NULL
            WHEN earliest <= o.day - p_lag THEN 'rate_too_old'
            ELSE 'no_rate'
        END,
        CASE WHEN p_legs THEN coalesce(mart.with_legal(p_from, j.legs, p_to), g.legs) END
    FROM open_day AS o
    LEFT JOIN joined AS j ON j.day = o.day
    LEFT JOIN pegged AS g ON g.day = o.day;
END
$$;

CREATE FUNCTION mart.fx_pegged(
    p_from text, p_to text, p_day date, p_sources text[], p_max_age integer, p_known timestamptz, p_lag integer,
    p_legs boolean
)
RETURNS TABLE (rate numeric, rate_date date, source text, legs jsonb)
LANGUAGE sql STABLE
AS $$
    -- One day through a peg of the first currency, of the second, or of both.
    WITH f AS (
        SELECT currency, anchor, rate AS per, valid_from, peg.source FROM mart.peg
        WHERE currency = p_from AND p_day >= valid_from AND (valid_to IS NULL OR p_day <= valid_to)
        UNION ALL
        SELECT p_from, p_from, 1, NULL, NULL
    ),
    t AS (
        SELECT currency, anchor, rate AS per, valid_from, peg.source FROM mart.peg
        WHERE currency = p_to AND p_day >= valid_from AND (valid_to IS NULL OR p_day <= valid_to)
        UNION ALL
        SELECT p_to, p_to, 1, NULL, NULL
    )
    SELECT m.rate * t.per / f.per, m.rate_date, CASE WHEN m.source = 'identity' THEN 'peg' ELSE m.source END,
        CASE WHEN p_legs THEN
            CASE WHEN f.source IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object(
                'base', f.anchor, 'quote', f.currency, 'rate', f.per, 'date', f.valid_from, 'source', f.source,
                'revision', NULL, 'use', 'peg')) END
            || m.legs
            || CASE WHEN t.source IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object(
                'base', t.anchor, 'quote', t.currency, 'rate', t.per, 'date', t.valid_from, 'source', t.source,
                'revision', NULL, 'use', 'peg')) END
        END
    FROM f
    CROSS JOIN t
    CROSS JOIN LATERAL mart.fx_rates(
        f.anchor, t.anchor, p_day, p_day, p_sources, p_max_age, p_known, p_lag, false, p_legs) AS m
    WHERE (f.source IS NOT NULL OR t.source IS NOT NULL) AND m.missing IS NULL
    ORDER BY (f.source IS NOT NULL)::int + (t.source IS NOT NULL)::int, f.source NULLS FIRST
    LIMIT 1
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
        SELECT a.ex_date, u.currency, sum(a.amount / u.per) AS amount
        FROM action AS a
        JOIN mart.price_unit AS u USING (unit_id)
        WHERE a.kind = 'dividend'
        GROUP BY a.ex_date, u.currency
    ),
    closing AS (
        SELECT p.ex_date, c.close / u.per AS close, u.currency
        FROM (SELECT DISTINCT ex_date FROM payment) AS p
        CROSS JOIN LATERAL (
            SELECT b.close, b.unit_id FROM mart.bars(p_instrument, p.ex_date, p.ex_date + 30, p_known) AS b
            ORDER BY b.session LIMIT 1
        ) AS c
        JOIN mart.price_unit AS u USING (unit_id)
    ),
    paid AS (
        SELECT c.ex_date, c.close, sum(p.amount * r.rate) AS amount, bool_or(r.rate IS NULL) AS unknown
        FROM closing AS c
        JOIN payment AS p USING (ex_date)
        CROSS JOIN LATERAL mart.fx_rates(
            p.currency, c.currency, c.ex_date, c.ex_date, p_sources, p_max_age, p_known, 0, p_pegs, false) AS r
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

CREATE VIEW mart.schema AS
SELECT max(number) AS number FROM ops.migration;
COMMENT ON VIEW mart.schema IS 'The newest migration: a reader refuses a database older or newer than itself.';

GRANT SELECT ON ALL TABLES IN SCHEMA mart TO ticker_reader, ticker_web;
