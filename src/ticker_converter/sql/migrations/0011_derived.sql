-- Derived tables of the mart, kept by triggers with every change of what they are derived from: rates filled per calendar
-- day, and the latest cross-section. Each can be dropped and rebuilt (warehouse.rebuild_marts), and no answer depends on
-- them: what they do not hold is worked out from the facts.

---------------------------------------------------------------------------------------------------------------
-- Rates filled per calendar day
---------------------------------------------------------------------------------------------------------------

CREATE TABLE mart.fx_pair (
    source_id smallint NOT NULL,
    x text COLLATE "C" NOT NULL,
    y text COLLATE "C" NOT NULL,
    first date NOT NULL,
    last date NOT NULL,
    PRIMARY KEY (source_id, x, y)
);
COMMENT ON TABLE mart.fx_pair IS
    'Which two monies (newest codes, in the order of the alphabet) a source publishes against each other, and when.';

CREATE TABLE mart.fx_filled (
    source_id smallint NOT NULL,
    x text COLLATE "C" NOT NULL,
    y text COLLATE "C" NOT NULL,
    day date NOT NULL,
    rate_date date NOT NULL,
    num numeric NOT NULL,
    den numeric NOT NULL,
    PRIMARY KEY (source_id, x, y, day)
);
COMMENT ON TABLE mart.fx_filled IS
    'Per calendar day what one x was in y (num/den) by what one source published, and when it did: at most 10 days before.';

CREATE FUNCTION mart.fx_fill_days() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 10;
COMMENT ON FUNCTION mart.fx_fill_days IS 'How many days a rate is filled forward; who asks for older ones is answered from the facts.';

CREATE FUNCTION mart.fx_quick_from() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 60;
COMMENT ON FUNCTION mart.fx_quick_from IS
    'Days from which on a series is read from the filled rates: to plan that takes 1.5 ms, and a day from the facts 0.5.';

CREATE TYPE warehouse.fx_touched AS (source_id smallint, base text, quote text, low date, high date);

CREATE FUNCTION warehouse.fx_fill(p_touched warehouse.fx_touched[]) RETURNS void
LANGUAGE plpgsql
AS $$
-- Fill anew the days that published rates of these codes and dates bear upon.
BEGIN
    CREATE TEMP TABLE IF NOT EXISTS fx_again (
        source_id smallint, x text COLLATE "C", y text COLLATE "C", low date, high date
    ) ON COMMIT DELETE ROWS;
    DELETE FROM pg_temp.fx_again;
    INSERT INTO pg_temp.fx_again
    SELECT t.source_id, least(b.canonical, q.canonical), greatest(b.canonical, q.canonical), min(t.low), max(t.high)
    FROM unnest(p_touched) AS t
    JOIN mart.currency_family AS b ON b.code = t.base
    JOIN mart.currency_family AS q ON q.code = t.quote
    WHERE b.canonical <> q.canonical
    GROUP BY 1, 2, 3;

    DELETE FROM mart.fx_filled AS f
    USING pg_temp.fx_again AS a
    WHERE f.source_id = a.source_id AND f.x = a.x AND f.y = a.y
        AND f.day BETWEEN a.low AND a.high + mart.fx_fill_days();

    INSERT INTO mart.fx_filled (source_id, x, y, day, rate_date, num, den)
    WITH chosen AS (  -- of two directions that whose base is the pivot, else the alphabetically first; as mart.fx_routes
        SELECT DISTINCT ON (a.source_id, a.x, a.y, r.rate_date) a.*, r.rate_date,
            CASE WHEN b.canonical = a.x THEN r.rate * b.per ELSE q.per END AS num,
            CASE WHEN b.canonical = a.x THEN q.per ELSE r.rate * b.per END AS den
        FROM pg_temp.fx_again AS a
        JOIN warehouse.dim_source AS s USING (source_id)
        JOIN mart.currency_family AS b ON b.canonical IN (a.x, a.y)
        JOIN mart.currency_family AS q ON q.canonical IN (a.x, a.y) AND q.canonical <> b.canonical
        CROSS JOIN LATERAL (
            SELECT f.rate_date, f.rate FROM warehouse.fact_fx_rate AS f
            WHERE f.source_id = a.source_id AND f.base = b.code AND f.quote = q.code
                AND f.rate_date BETWEEN a.low - mart.fx_fill_days() AND a.high + mart.fx_fill_days()
            OFFSET 0
        ) AS r
        WHERE (b.retired_on IS NULL OR r.rate_date < b.retired_on)
            AND (q.retired_on IS NULL OR r.rate_date < q.retired_on)
        ORDER BY a.source_id, a.x, a.y, r.rate_date, b.canonical = s.pivot DESC NULLS LAST, b.canonical, b.retired_on,
            q.retired_on
    ),
    held AS (
        SELECT c.*, least(
            c.rate_date + mart.fx_fill_days(),
            lead(c.rate_date) OVER (PARTITION BY c.source_id, c.x, c.y ORDER BY c.rate_date) - 1) AS until
        FROM chosen AS c
    )
    SELECT h.source_id, h.x, h.y, h.rate_date + n, h.rate_date, h.num, h.den
    FROM held AS h
    CROSS JOIN LATERAL generate_series(
        greatest(h.low - h.rate_date, 0), least(h.until, h.high + mart.fx_fill_days()) - h.rate_date) AS n;

    DELETE FROM mart.fx_pair AS p
    USING pg_temp.fx_again AS a
    WHERE p.source_id = a.source_id AND p.x = a.x AND p.y = a.y AND (p.first >= a.low OR p.last <= a.high);
    INSERT INTO mart.fx_pair (source_id, x, y, first, last)
    SELECT a.source_id, a.x, a.y, f.rate_date, l.rate_date
    FROM pg_temp.fx_again AS a
    CROSS JOIN LATERAL (
        SELECT d.rate_date FROM mart.fx_filled AS d
        WHERE d.source_id = a.source_id AND d.x = a.x AND d.y = a.y ORDER BY d.day LIMIT 1
    ) AS f
    CROSS JOIN LATERAL (
        SELECT d.rate_date FROM mart.fx_filled AS d
        WHERE d.source_id = a.source_id AND d.x = a.x AND d.y = a.y ORDER BY d.day DESC LIMIT 1
    ) AS l
    ON CONFLICT (source_id, x, y) DO NOTHING;
    DELETE FROM pg_temp.fx_again;
END
$$;

CREATE FUNCTION warehouse.fx_refill() RETURNS void
LANGUAGE plpgsql
AS $$
-- Fill all rates anew.
BEGIN
    DELETE FROM mart.fx_filled;
    DELETE FROM mart.fx_pair;
    PERFORM warehouse.fx_fill(ARRAY(
        SELECT ROW(r.source_id, r.base, r.quote, min(r.rate_date), max(r.rate_date))::warehouse.fx_touched
        FROM warehouse.fact_fx_rate AS r
        GROUP BY r.source_id, r.base, r.quote));
END
$$;

CREATE FUNCTION warehouse.fx_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM warehouse.fx_fill(ARRAY(
        SELECT ROW(r.source_id, r.base, r.quote, min(r.rate_date), max(r.rate_date))::warehouse.fx_touched
        FROM fresh AS r GROUP BY r.source_id, r.base, r.quote));
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.fx_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM warehouse.fx_fill(ARRAY(
        SELECT ROW(r.source_id, r.base, r.quote, min(r.rate_date), max(r.rate_date))::warehouse.fx_touched
        FROM (
            SELECT source_id, base, quote, rate_date FROM fresh
            UNION ALL SELECT source_id, base, quote, rate_date FROM stale
        ) AS r GROUP BY r.source_id, r.base, r.quote));
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.fx_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM warehouse.fx_fill(ARRAY(
        SELECT ROW(r.source_id, r.base, r.quote, min(r.rate_date), max(r.rate_date))::warehouse.fx_touched
        FROM stale AS r GROUP BY r.source_id, r.base, r.quote));
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.fx_all_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM warehouse.fx_refill();
    RETURN NULL;
END
$$;

CREATE TRIGGER fx_inserted AFTER INSERT ON warehouse.fact_fx_rate
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_inserted();
CREATE TRIGGER fx_updated AFTER UPDATE ON warehouse.fact_fx_rate
REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_updated();
CREATE TRIGGER fx_deleted AFTER DELETE ON warehouse.fact_fx_rate
REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_deleted();
CREATE TRIGGER fx_emptied AFTER TRUNCATE ON warehouse.fact_fx_rate
FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_all_changed();

CREATE FUNCTION warehouse.fx_codes_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh) THEN
        PERFORM warehouse.fx_refill();
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER fx_codes_added AFTER INSERT ON mart.currency_family
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_codes_changed();
CREATE TRIGGER fx_codes_changed AFTER UPDATE ON mart.currency_family
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_codes_changed();
CREATE TRIGGER fx_pivot_changed AFTER UPDATE OF pivot ON warehouse.dim_source
FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_all_changed();

CREATE FUNCTION mart.fx_ways(p_from text, p_to text, p_sources text[])
RETURNS TABLE (
    ord bigint, source_id smallint, source text, handmade boolean, x text, y text, swap boolean, via_x text, via_y text,
    via_swap boolean, first date, last date, sure boolean
)
LANGUAGE sql STABLE ROWS 3
AS $$
    -- How each source may go from one canonical currency to another: directly or by its pivot, each with the dates it has
    -- rates for. Not `sure`: of these dates the filled table alone cannot tell the best way.
    WITH src AS (
        SELECT s.source_id, s.source, s.pivot, s.handmade, o.ord
        FROM unnest(p_sources) WITH ORDINALITY AS o (source, ord)
        JOIN mart.source AS s USING (source)
    ),
    direct AS (
        SELECT s.*, d.x, d.y, d.x <> p_from COLLATE "C" AS swap, d.first, d.last
        FROM src AS s
        JOIN mart.fx_pair AS d ON d.source_id = s.source_id
            AND d.x = least(p_from COLLATE "C", p_to COLLATE "C") AND d.y = greatest(p_from COLLATE "C", p_to COLLATE "C")
    ),
    crossed AS (
        SELECT s.*, n.x, n.y, n.x <> p_from COLLATE "C" AS swap, f.x AS via_x, f.y AS via_y, f.y <> p_to COLLATE "C" AS via_swap,
            greatest(n.first, f.first) AS first, least(n.last, f.last) AS last
        FROM src AS s
        JOIN mart.fx_pair AS n ON n.source_id = s.source_id AND p_from COLLATE "C" IN (n.x, n.y)
        JOIN mart.fx_pair AS f ON f.source_id = s.source_id AND p_to COLLATE "C" IN (f.x, f.y)
            AND CASE WHEN n.x = p_from COLLATE "C" THEN n.y ELSE n.x END
                = CASE WHEN f.x = p_to COLLATE "C" THEN f.y ELSE f.x END
        WHERE (s.pivot IS NULL OR s.pivot = CASE WHEN n.x = p_from COLLATE "C" THEN n.y ELSE n.x END)
            AND greatest(n.first, f.first) <= least(n.last, f.last)
    )
    SELECT d.ord, d.source_id, d.source, d.handmade, d.x, d.y, d.swap, NULL, NULL, NULL, d.first, d.last, true FROM direct AS d
    UNION ALL
    SELECT c.ord, c.source_id, c.source, c.handmade, c.x, c.y, c.swap, c.via_x, c.via_y, c.via_swap, c.first, c.last,
        c.pivot IS NOT NULL
    FROM crossed AS c
    UNION ALL  -- a source that has both: where they overlap, the later date is taken
    SELECT d.ord, d.source_id, d.source, d.handmade, d.x, d.y, d.swap, NULL, NULL, NULL, greatest(d.first, c.first),
        least(d.last, c.last), false
    FROM direct AS d
    JOIN crossed AS c USING (source_id)
    WHERE d.pivot IS NOT NULL AND greatest(d.first, c.first) <= least(d.last, c.last)
$$;

CREATE FUNCTION mart.fx_way_days(
    p_source smallint, p_x text, p_y text, p_swap boolean, p_via_x text, p_via_y text, p_via_swap boolean, p_first date,
    p_last date, p_lag integer
)
RETURNS TABLE (day date, num numeric, den numeric, rate_date date, sure boolean)
LANGUAGE sql STABLE ROWS 10000
AS $$
    -- What one way gives on each calendar day; not `sure`: the two legs were not published last on one date.
    SELECT f.day + p_lag, CASE WHEN p_swap THEN f.den ELSE f.num END, CASE WHEN p_swap THEN f.num ELSE f.den END, f.rate_date,
        true
    FROM mart.fx_filled AS f
    WHERE p_via_x IS NULL AND f.source_id = p_source AND f.x = p_x AND f.y = p_y
        AND f.day BETWEEN p_first - p_lag AND p_last - p_lag
    UNION ALL
    SELECT n.day + p_lag,
        CASE WHEN p_swap THEN n.den ELSE n.num END * CASE WHEN p_via_swap THEN f.den ELSE f.num END,
        CASE WHEN p_swap THEN n.num ELSE n.den END * CASE WHEN p_via_swap THEN f.num ELSE f.den END,
        least(n.rate_date, f.rate_date), n.rate_date = f.rate_date
    FROM mart.fx_filled AS n
    JOIN mart.fx_filled AS f ON f.day = n.day
    WHERE p_via_x IS NOT NULL AND n.source_id = p_source AND n.x = p_x AND n.y = p_y
        AND n.day BETWEEN p_first - p_lag AND p_last - p_lag
        AND f.source_id = p_source AND f.x = p_via_x AND f.y = p_via_y AND f.day BETWEEN p_first - p_lag AND p_last - p_lag
$$;

CREATE FUNCTION mart.fx_exact(
    p_from text, p_to text, p_from_code text, p_to_code text, p_from_per numeric, p_to_per numeric, p_first date,
    p_last date, p_sources text[], p_max_age integer, p_known timestamptz, p_lag integer, p_pegs boolean, p_legs boolean
)
RETURNS TABLE (day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
LANGUAGE sql STABLE ROWS 1000
AS $$
    -- The rates of a span without a changeover in it, from the facts themselves.
    WITH answered AS MATERIALIZED (
        SELECT * FROM mart.fx_days(
            p_from_code, p_to_code, p_first, p_last, p_sources, p_max_age, p_known, p_lag, p_legs)
    )
    SELECT d.day, round(d.num * p_to_per, 40) / (d.den * p_from_per), d.rate_date, d.source, NULL::text,
        CASE WHEN p_legs THEN mart.with_legal(p_from, d.legs, p_to) END
    FROM answered AS d
    UNION ALL
    SELECT m.*
    FROM mart.fx_unanswered(
        p_from, p_to, p_from_code, p_to_code, p_from_per, p_to_per,
        ARRAY(SELECT p_first + n FROM generate_series(0, p_last - p_first) AS n EXCEPT SELECT d.day FROM answered AS d),
        p_sources, p_max_age, p_known, p_lag, p_pegs, p_legs) AS m
$$;

CREATE FUNCTION mart.fx_quick(
    p_from text, p_to text, p_from_code text, p_to_code text, p_from_per numeric, p_to_per numeric, p_first date,
    p_last date, p_sources text[], p_max_age integer, p_lag integer, p_pegs boolean
)
RETURNS TABLE (day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
LANGUAGE plpgsql STABLE ROWS 1000
SET plan_cache_mode = force_custom_plan
AS $$
-- The same as mart.fx_exact without legs for what is known now, by an equality join with the rates filled per day. Days of
-- which they cannot tell are asked of mart.fx_exact.
DECLARE
    way record;
    ways integer := 0;
    low date := 'infinity';
    high date := '-infinity';
    doubtful datemultirange := '{}';
    piece daterange;
    since date;
    until date;
    found bigint;
    unanswered date[];
    unsure date[];
BEGIN
    FOR way IN SELECT * FROM mart.fx_ways(p_from_code, p_to_code, p_sources) AS w LOOP
        IF way.first + p_lag > p_last OR way.last + p_max_age < p_first THEN
            CONTINUE;
        ELSIF NOT way.sure THEN
            doubtful := doubtful + datemultirange(daterange(
                greatest(way.first + p_lag, p_first), least(way.last + p_max_age, p_last), '[]'));
        ELSE
            ways := ways + 1;
            low := least(low, way.first + p_lag);
            high := greatest(high, way.last + p_max_age);
        END IF;
    END LOOP;
    FOR piece IN SELECT unnest(doubtful) LOOP
        RETURN QUERY SELECT * FROM mart.fx_exact(
            p_from, p_to, p_from_code, p_to_code, p_from_per, p_to_per, lower(piece), upper(piece) - 1, p_sources, p_max_age,
            NULL, p_lag, p_pegs, false);
    END LOOP;
    FOR piece IN SELECT unnest(datemultirange(daterange(p_first, p_last, '[]')) - doubtful) LOOP
        since := greatest(lower(piece), low);
        until := least(upper(piece) - 1, high);
        found := 0;
        IF ways = 1 AND since <= until THEN
            SELECT w.* INTO way FROM mart.fx_ways(p_from_code, p_to_code, p_sources) AS w
            WHERE w.sure AND w.first + p_lag <= p_last AND w.last + p_max_age >= p_first;
            RETURN QUERY
            SELECT d.day, round(d.num * p_to_per, 40) / (d.den * p_from_per), d.rate_date, way.source, NULL::text, NULL::jsonb
            FROM mart.fx_way_days(
                way.source_id, way.x, way.y, way.swap, way.via_x, way.via_y, way.via_swap, since, until, p_lag) AS d
            WHERE d.sure AND d.day - d.rate_date <= p_max_age;
            GET DIAGNOSTICS found = ROW_COUNT;
        ELSIF since <= until THEN
            RETURN QUERY
            WITH answer AS (
                SELECT w.ord, w.source, w.handmade, d.*, bool_and(d.sure) OVER (PARTITION BY d.day) AS told,
                    max(d.rate_date) OVER (
                        PARTITION BY d.day ORDER BY w.ord DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ) AS newest_later
                FROM mart.fx_ways(p_from_code, p_to_code, p_sources) AS w
                CROSS JOIN LATERAL mart.fx_way_days(
                    w.source_id, w.x, w.y, w.swap, w.via_x, w.via_y, w.via_swap, since, until, p_lag) AS d
                WHERE w.sure AND d.day - d.rate_date <= p_max_age
            )
            SELECT DISTINCT ON (a.day) a.day, round(a.num * p_to_per, 40) / (a.den * p_from_per), a.rate_date, a.source,
                NULL::text, NULL::jsonb
            FROM answer AS a
            WHERE a.told AND (NOT a.handmade OR a.newest_later IS NULL OR a.newest_later <= a.rate_date)
            ORDER BY a.day, a.ord, a.rate_date DESC;  -- a source that once crossed and then published the pair
            GET DIAGNOSTICS found = ROW_COUNT;
        END IF;
        -- Of days on which one way's legs were not published last on one date the facts are asked, in islands.
        IF since <= until AND found < until - since + 1 THEN
            SELECT array_agg(n.day) FILTER (WHERE n.sure IS NULL), array_agg(n.day) FILTER (WHERE NOT n.sure)
            INTO unanswered, unsure
            FROM (
                SELECT since + g AS day, w.sure
                FROM generate_series(0, until - since) AS g
                LEFT JOIN (
                    SELECT d.day, bool_and(d.sure) AS sure
                    FROM mart.fx_ways(p_from_code, p_to_code, p_sources) AS o
                    CROSS JOIN LATERAL mart.fx_way_days(
                        o.source_id, o.x, o.y, o.swap, o.via_x, o.via_y, o.via_swap, since, until, p_lag) AS d
                    WHERE o.sure AND d.day - d.rate_date <= p_max_age
                    GROUP BY d.day
                ) AS w ON w.day = since + g
            ) AS n;
            RETURN QUERY
            SELECT e.*
            FROM (
                SELECT min(n.day) AS first, max(n.day) AS last
                FROM (
                    SELECT g.day, count(*) FILTER (WHERE g.gap > 31) OVER (ORDER BY g.day) AS number
                    FROM (SELECT d AS day, d - lag(d) OVER (ORDER BY d) AS gap FROM unnest(unsure) AS d) AS g
                ) AS n
                GROUP BY n.number
            ) AS i
            CROSS JOIN LATERAL mart.fx_exact(
                p_from, p_to, p_from_code, p_to_code, p_from_per, p_to_per, i.first, i.last, p_sources, p_max_age, NULL,
                p_lag, p_pegs, false) AS e
            WHERE e.day = ANY (unsure);
        ELSE
            unanswered := NULL;
        END IF;
        IF since <= until THEN
            unanswered := coalesce(unanswered, '{}')
                || ARRAY(SELECT lower(piece) + n FROM generate_series(0, since - 1 - lower(piece)) AS n)
                || ARRAY(SELECT until + 1 + n FROM generate_series(0, upper(piece) - 2 - until) AS n);
        ELSE
            unanswered := ARRAY(SELECT lower(piece) + n FROM generate_series(0, upper(piece) - 1 - lower(piece)) AS n);
        END IF;
        IF unanswered <> '{}' THEN
            RETURN QUERY SELECT * FROM mart.fx_unanswered(
                p_from, p_to, p_from_code, p_to_code, p_from_per, p_to_per, unanswered, p_sources, p_max_age, NULL, p_lag,
                p_pegs, false);
        END IF;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION mart.fx_rates(
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
        ELSIF p_known IS NULL AND NOT p_legs AND p_max_age <= mart.fx_fill_days() AND high - low >= mart.fx_quick_from() THEN
            RETURN QUERY SELECT * FROM mart.fx_quick(
                p_from, p_to, f_code, t_code, f_per, t_per, low, high, p_sources, p_max_age, p_lag, p_pegs);
        ELSE
            RETURN QUERY SELECT * FROM mart.fx_exact(
                p_from, p_to, f_code, t_code, f_per, t_per, low, high, p_sources, p_max_age, p_known, p_lag, p_pegs, p_legs);
        END IF;
        low := high + 1;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION mart.significant(x numeric, digits integer) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN trim_scale(round(x, digits - 1 - CASE
    WHEN abs(x) >= 10 THEN mart.exponent(x)
    WHEN abs(x) >= 1 THEN 0
    WHEN abs(x) >= 0.1 THEN -1
    ELSE mart.exponent(x)
END));

---------------------------------------------------------------------------------------------------------------
-- On which basis a series is given
---------------------------------------------------------------------------------------------------------------

CREATE INDEX fact_price_other_basis ON warehouse.fact_price (instrument_id, session) WHERE basis <> 'r';

CREATE FUNCTION mart.basis_gives(p_basis "char", p_adjust text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN p_adjust IS NULL OR p_basis = 'r' OR p_basis = 's' AND p_adjust = 'splits' OR p_basis = 'a' AND p_adjust = 'all';
COMMENT ON FUNCTION mart.basis_gives IS 'From bars as traded every adjustment can be computed, an adjusted series has its own only.';

CREATE FUNCTION mart.basis_of(p_instrument integer, p_known timestamptz, p_adjust text) RETURNS text
LANGUAGE sql STABLE
AS $$
    -- The basis in which an instrument's series is given: of those that can give the adjustment (null: any), the one with
    -- the most bars; where two have as many, raw. Almost always all bars are raw, which an index of the others tells.
    SELECT CASE WHEN p_known IS NULL AND NOT EXISTS (
        SELECT FROM mart.price AS p WHERE p.instrument_id = p_instrument AND p.basis <> 'r')
    THEN (SELECT 'r' WHERE EXISTS (SELECT FROM mart.price AS p WHERE p.instrument_id = p_instrument))
    ELSE (
        SELECT b.basis::text FROM mart.bars(p_instrument, '-infinity', 'infinity', p_known) AS b
        WHERE mart.basis_gives(b.basis, p_adjust)
        GROUP BY b.basis
        ORDER BY count(*) DESC, position(b.basis::text IN 'rsa') LIMIT 1)
    END
$$;

CREATE OR REPLACE FUNCTION mart.basis_of(p_instrument integer, p_known timestamptz) RETURNS text
LANGUAGE sql STABLE
RETURN mart.basis_of(p_instrument, p_known, NULL);

CREATE OR REPLACE FUNCTION mart.closes(
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
        SELECT mart.basis_of(p_instrument, p_known, p_adjust) AS code
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

CREATE OR REPLACE FUNCTION mart.adjustments(
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
        SELECT b.session FROM mart.bar_until(p_instrument, 'infinity', NULL, 0, p_known) AS b
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

CREATE FUNCTION mart.latest(p_on date, p_known timestamptz, p_only integer[])
RETURNS TABLE (
    instrument_id integer, symbol text, mic text, session date, unit text, currency text, per integer, basis "char",
    close numeric, volume numeric, missing text
)
LANGUAGE sql STABLE
AS $$
    -- The last stored bar on or before p_on of every instrument on the watch list (or of those of them in p_only), as stored. `missing`: `no_price`,
    -- or `price_too_old` where it is more than 10 sessions older than p_on.
    WITH bar AS MATERIALIZED (
        SELECT i.instrument_id, i.symbol, i.mic, b.session, b.basis, b.close, b.volume, b.unit_id
        FROM mart.instrument AS i
        LEFT JOIN LATERAL mart.bar_until(i.instrument_id, p_on, NULL, 0, p_known) AS b ON true
        WHERE i.watched AND (p_only IS NULL OR i.instrument_id = ANY (p_only))
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
    p_max_age integer, p_pegs boolean, p_only integer[]
)
RETURNS TABLE (
    symbol text, mic text, currency text, base date, session date, close numeric, local numeric, fx numeric,
    total numeric, turnover numeric, missing text
)
LANGUAGE sql STABLE
AS $$
    -- How far each watched instrument (or those of them in p_only) moved to its last session on or before p_on, from the p_back-th session before
    -- (p_before null) or from the last session before p_before. close and turnover in p_to (null: the listing's
    -- currency); local, fx and total as DESIGN section 4 has returns, unrounded. A row that cannot be judged has
    -- `missing`. Both sessions have the basis of the last one.
    WITH pair AS MATERIALIZED (
        SELECT l.*, b.session AS base, round(b.close, 40) / bu.per AS base_close, bu.currency AS base_currency,
            coalesce(p_to, l.currency) AS target,
            coalesce(l.missing, CASE
                WHEN l.basis = 's' AND p_adjust <> 'splits' OR l.basis = 'a' AND p_adjust <> 'all' THEN 'basis'
                WHEN b.session IS NULL OR b.session >= l.session THEN 'too_few_sessions' END) AS reason
        FROM mart.latest(p_on, p_known, p_only) AS l
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

CREATE OR REPLACE FUNCTION mart.latest(p_on date, p_known timestamptz)
RETURNS TABLE (
    instrument_id integer, symbol text, mic text, session date, unit text, currency text, per integer, basis "char",
    close numeric, volume numeric, missing text
)
LANGUAGE sql STABLE
AS $$
    SELECT * FROM mart.latest(p_on, p_known, NULL)
$$;

CREATE OR REPLACE FUNCTION mart.moves(
    p_on date, p_back integer, p_before date, p_adjust text, p_to text, p_known timestamptz, p_sources text[],
    p_max_age integer, p_pegs boolean
)
RETURNS TABLE (
    symbol text, mic text, currency text, base date, session date, close numeric, local numeric, fx numeric,
    total numeric, turnover numeric, missing text
)
LANGUAGE sql STABLE
AS $$
    SELECT * FROM mart.moves(p_on, p_back, p_before, p_adjust, p_to, p_known, p_sources, p_max_age, p_pegs, NULL)
$$;

---------------------------------------------------------------------------------------------------------------
-- The latest cross-section: how far each watched instrument has moved to its last stored session
---------------------------------------------------------------------------------------------------------------

CREATE TABLE mart.move (
    back smallint NOT NULL,
    instrument_id integer NOT NULL,
    state text COLLATE "C" NOT NULL,
    mic text COLLATE "C" NOT NULL,
    currency text COLLATE "C" NOT NULL,
    base date NOT NULL,
    session date NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    close numeric,
    per integer,
    splits numeric,
    dividends numeric,
    PRIMARY KEY (back, instrument_id)
);
COMMENT ON TABLE mart.move IS
    'Per watched instrument and window (back: 1, 5 or 30 sessions; 0: since the last session of the year before) what the last close is of the base''s, adjusted for splits, or for dividends too. state: `ok`; `no_price`, `too_few_sessions`; `special`: is worked out when asked. '''' and infinity stand for none.';
CREATE INDEX move_splits ON mart.move (back, state, mic, currency, base, session, splits, symbol);
CREATE INDEX move_dividends ON mart.move (back, state, mic, currency, base, session, dividends, symbol);

CREATE TABLE mart.move_stale (instrument_id integer PRIMARY KEY);
COMMENT ON TABLE mart.move_stale IS 'Instruments whose rows in mart.move are not to be read: something has changed since.';

CREATE FUNCTION warehouse.derive_moves() RETURNS integer
LANGUAGE plpgsql
AS $$
-- Bring mart.move up to the facts, for the instruments of which something has changed; returns how many.
DECLARE
    number integer;
BEGIN
    IF NOT EXISTS (SELECT FROM mart.move_stale) THEN
        RETURN 0;
    END IF;
    DELETE FROM mart.move AS m USING mart.move_stale AS s WHERE m.instrument_id = s.instrument_id;
    INSERT INTO mart.move (
        back, instrument_id, state, mic, currency, base, session, symbol, close, per, splits, dividends
    )
    WITH last AS MATERIALIZED (
        SELECT i.instrument_id, i.symbol, i.mic, b.session, b.basis, b.close, u.per, u.currency
        FROM mart.move_stale AS s
        JOIN mart.instrument AS i USING (instrument_id)
        LEFT JOIN LATERAL mart.bar_until(i.instrument_id, 'infinity', NULL, 0, NULL) AS b ON true
        LEFT JOIN mart.price_unit AS u USING (unit_id)
        WHERE i.watched
    ),
    base AS MATERIALIZED (
        SELECT l.instrument_id, k.back, k.session AS base, round(k.close, 40) / u.per AS base_close, u.currency
        FROM last AS l
        CROSS JOIN LATERAL (
            SELECT r.back::smallint AS back, r.session, r.close, r.unit_id
            FROM (
                SELECT row_number() OVER (ORDER BY p.session DESC) AS back, p.session, p.close, p.unit_id
                FROM (
                    SELECT f.session, f.close, f.unit_id FROM mart.price AS f
                    WHERE f.instrument_id = l.instrument_id AND f.session < l.session AND f.basis = l.basis
                    ORDER BY f.session DESC LIMIT 30
                ) AS p
            ) AS r
            WHERE r.back IN (1, 5, 30)
            UNION ALL
            SELECT 0, y.session, y.close, y.unit_id
            FROM mart.bar_until(
                l.instrument_id, date_trunc('year', l.session)::date - 1, l.basis, 0, NULL) AS y
        ) AS k
        JOIN mart.price_unit AS u USING (unit_id)
    ),
    acted AS MATERIALIZED (  -- as mart.moves has it
        SELECT b.instrument_id, b.back, b.base, l.session, k.adjust
        FROM base AS b
        JOIN last AS l USING (instrument_id)
        CROSS JOIN (VALUES ('splits'), ('all')) AS k (adjust)
        WHERE l.basis = 'r' AND EXISTS (
            SELECT FROM mart.corporate_action AS a
            WHERE a.instrument_id = b.instrument_id AND a.ex_date > b.base AND a.ex_date <= l.session
                AND (a.kind <> 'dividend' OR k.adjust = 'all'))
    ),
    span AS MATERIALIZED (  -- without sources: a dividend in another currency than the price is worked out when asked
        SELECT a.instrument_id, a.adjust, f.*
        FROM (SELECT DISTINCT acted.instrument_id, acted.adjust FROM acted) AS a
        CROSS JOIN LATERAL mart.adjustments(a.instrument_id, a.adjust, NULL, '{}', 0, false) AS f
    ),
    factor AS (
        SELECT a.instrument_id, a.back, a.adjust, round(b.num * e.den, 60) / (b.den * e.num) AS ratio, b.missing
        FROM acted AS a
        JOIN span AS b ON b.instrument_id = a.instrument_id AND b.adjust = a.adjust AND a.base BETWEEN b.from_day AND b.to_day
        JOIN span AS e ON e.instrument_id = a.instrument_id AND e.adjust = a.adjust AND a.session BETWEEN e.from_day AND e.to_day
    )
    SELECT w.back, l.instrument_id,
        CASE
            WHEN l.session IS NULL THEN 'no_price'
            WHEN l.basis <> 'r' THEN 'special'
            WHEN b.base IS NULL THEN 'too_few_sessions'
            WHEN b.currency <> l.currency OR s.missing IS NOT NULL OR d.missing IS NOT NULL THEN 'special'
            ELSE 'ok'
        END,
        coalesce(l.mic, ''), coalesce(l.currency, ''), coalesce(b.base, 'infinity'), coalesce(l.session, 'infinity'),
        l.symbol, l.close, l.per,
        round(l.close, 60) / (b.base_close * CASE WHEN s.back IS NULL THEN 1 ELSE s.ratio END * l.per),
        round(l.close, 60) / (b.base_close * CASE WHEN d.back IS NULL THEN 1 ELSE d.ratio END * l.per)
    FROM last AS l
    CROSS JOIN (VALUES (1::smallint), (5::smallint), (30::smallint), (0::smallint)) AS w (back)
    LEFT JOIN base AS b ON b.instrument_id = l.instrument_id AND b.back = w.back
    LEFT JOIN factor AS s ON s.instrument_id = l.instrument_id AND s.back = w.back AND s.adjust = 'splits'
    LEFT JOIN factor AS d ON d.instrument_id = l.instrument_id AND d.back = w.back AND d.adjust = 'all'
    ORDER BY w.back, l.instrument_id;
    DELETE FROM mart.move_stale;
    GET DIAGNOSTICS number = ROW_COUNT;
    RETURN number;
END
$$;

CREATE FUNCTION warehouse.moves_to_derive() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM warehouse.derive_moves();
    RETURN NULL;
END
$$;

-- Closing a load writes the state: then everything the load has touched is derived anew, once.
CREATE TRIGGER moves_to_derive AFTER UPDATE ON warehouse.state
FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_to_derive();

CREATE FUNCTION warehouse.moves_went_stale() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO mart.move_stale SELECT DISTINCT t.instrument_id FROM touched AS t ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.moves_all_stale() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM mart.move;
    DELETE FROM mart.move_stale;
    INSERT INTO mart.move_stale SELECT i.instrument_id FROM mart.instrument AS i;
    RETURN NULL;
END
$$;

-- Bars that come also move warehouse.coverage, which is small; a trigger on the bars themselves would keep a copy of
-- every row of an import. Bars that change or go are few.
DO $triggers$
DECLARE
    event record;
BEGIN
    FOR event IN
        SELECT * FROM (VALUES
            ('coverage', 'INSERT', 'NEW'), ('coverage', 'UPDATE', 'NEW'), ('coverage', 'DELETE', 'OLD'),
            ('fact_price', 'UPDATE', 'NEW'), ('fact_price', 'DELETE', 'OLD'),
            ('fact_corporate_action', 'INSERT', 'NEW'), ('fact_corporate_action', 'UPDATE', 'NEW'),
            ('fact_corporate_action', 'DELETE', 'OLD'),
            ('fact_corporate_action_revision', 'INSERT', 'NEW'),
            ('dim_instrument', 'INSERT', 'NEW'), ('dim_instrument', 'UPDATE', 'NEW'),
            ('dim_instrument', 'DELETE', 'OLD')
        ) AS e (of, kind, rows)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER moves_stale_%s AFTER %s ON warehouse.%I REFERENCING %s TABLE AS touched'
            ' FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale()',
            lower(event.kind), event.kind, event.of, event.rows);
    END LOOP;
    FOR event IN
        SELECT * FROM (VALUES ('fact_price'), ('fact_corporate_action'), ('coverage'), ('dim_instrument')) AS e (of)
    LOOP
        EXECUTE format(
            'CREATE TRIGGER moves_stale_truncate AFTER TRUNCATE ON warehouse.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_all_stale()', event.of);
    END LOOP;
END
$triggers$;

CREATE FUNCTION mart.ranking(
    p_on date, p_back smallint, p_adjust text, p_to text, p_losers boolean, p_limit integer, p_sources text[],
    p_max_age integer, p_pegs boolean
)
RETURNS TABLE (
    symbol text, session date, base date, close numeric, local numeric, fx numeric, total numeric, missing text
)
LANGUAGE plpgsql STABLE
AS $$
-- The rows of mart.moves that a ranking of p_limit needs, as known now: the first ones of each group with one exchange,
-- currency, base and last session (all of a group have one fx, so that they rank by their own price), and every
-- instrument that cannot be judged. What mart.move cannot tell is asked of mart.moves.
DECLARE
    price text := CASE p_adjust WHEN 'splits' THEN 'splits' ELSE 'dividends' END;
    groups mart.move[];
    ids integer[];
    before date := CASE WHEN p_back = 0 THEN date_trunc('year', p_on)::date END;
BEGIN
    WITH RECURSIVE grouped AS (
        (SELECT m.* FROM mart.move AS m WHERE m.back = p_back
        ORDER BY m.state, m.mic, m.currency, m.base, m.session LIMIT 1)
        UNION ALL
        SELECT n.*
        FROM grouped AS g
        CROSS JOIN LATERAL (
            SELECT m.* FROM mart.move AS m
            WHERE m.back = p_back AND (m.state, m.mic, m.currency, m.base, m.session)
                > (g.state, g.mic, g.currency, g.base, g.session)
            ORDER BY m.state, m.mic, m.currency, m.base, m.session LIMIT 1
        ) AS n
    )
    SELECT array_agg(g::mart.move) INTO groups FROM grouped AS g;

    SELECT array_agg(x.instrument_id) INTO ids
    FROM (
        SELECT s.instrument_id FROM mart.move_stale AS s
        UNION
        SELECT m.instrument_id
        FROM unnest(groups) AS g
        JOIN mart.move AS m ON m.back = p_back AND m.state = g.state AND m.mic = g.mic AND m.currency = g.currency
            AND m.base = g.base AND m.session = g.session
        WHERE g.state = 'special' OR g.state <> 'no_price' AND (
            g.session > p_on OR p_back = 0 AND date_trunc('year', g.session) <> date_trunc('year', p_on))
    ) AS x;
    IF ids IS NOT NULL THEN
        RETURN QUERY
        SELECT m.symbol, m.session, m.base, m.close, m.local, m.fx, m.total, m.missing
        FROM mart.moves(
            p_on, greatest(p_back, 1), before, p_adjust, p_to, NULL, p_sources, p_max_age, p_pegs, ids) AS m;
    END IF;

    RETURN QUERY EXECUTE format($query$
        WITH judged AS MATERIALIZED (
            SELECT g.*,
                CASE
                    WHEN g.state = 'no_price' THEN g.state
                    WHEN mart.sessions_between(nullif(g.mic, ''), g.session, $2) > 10 THEN 'price_too_old'
                    WHEN g.state <> 'ok' THEN g.state
                END AS reason
            FROM unnest($1) AS g
            WHERE g.state = 'no_price' OR g.state <> 'special' AND g.session <= $2
                AND ($3 <> 0 OR date_trunc('year', g.session) = date_trunc('year', $2))
        ),
        asked AS (
            SELECT j.currency, min(j.base) AS first, max(j.session) AS last FROM judged AS j
            WHERE j.reason IS NULL GROUP BY j.currency
        ),
        rate AS MATERIALIZED (
            SELECT a.currency, r.day, r.rate, r.missing
            FROM asked AS a
            CROSS JOIN LATERAL mart.fx_rates(a.currency, $4, a.first, a.last, $6, $7, NULL, 0, $8, false) AS r
        ),
        dated AS MATERIALIZED (
            SELECT j.state, j.mic, j.currency, j.base, j.session, e.rate, round(e.rate * 1, 60) / b.rate AS fx,
                coalesce(j.reason, e.missing, b.missing) AS reason
            FROM judged AS j
            LEFT JOIN rate AS e ON e.currency = j.currency AND e.day = j.session AND j.reason IS NULL
            LEFT JOIN rate AS b ON b.currency = j.currency AND b.day = j.base AND j.reason IS NULL
        )
        SELECT f.symbol, d.session, d.base, round(f.close * d.rate, 40) / f.per, f.price - 1, d.fx - 1,
            f.price * d.fx - 1, NULL::text
        FROM dated AS d
        CROSS JOIN LATERAL (
            SELECT m.symbol, m.close, m.per, m.%1$I AS price
            FROM mart.move AS m
            WHERE m.back = $3 AND m.state = d.state AND m.mic = d.mic AND m.currency = d.currency AND m.base = d.base
                AND m.session = d.session
                AND NOT EXISTS (SELECT FROM mart.move_stale AS s WHERE s.instrument_id = m.instrument_id)
            ORDER BY m.%1$I %2$s
            FETCH FIRST $5 ROWS WITH TIES
        ) AS f
        WHERE d.reason IS NULL
        UNION ALL
        SELECT m.symbol, nullif(m.session, 'infinity'), nullif(m.base, 'infinity'), NULL, NULL, NULL, NULL, d.reason
        FROM dated AS d
        JOIN mart.move AS m ON m.back = $3 AND m.state = d.state AND m.mic = d.mic AND m.currency = d.currency
            AND m.base = d.base AND m.session = d.session
        WHERE d.reason IS NOT NULL
            AND NOT EXISTS (SELECT FROM mart.move_stale AS s WHERE s.instrument_id = m.instrument_id)
        $query$, price, CASE WHEN p_losers THEN 'ASC' ELSE 'DESC' END)
    USING groups, p_on, p_back, p_to, p_limit, p_sources, p_max_age, p_pegs;
END
$$;

CREATE FUNCTION warehouse.rebuild_marts() RETURNS void
LANGUAGE plpgsql
AS $$
-- Derive everything anew from the facts.
BEGIN
    PERFORM warehouse.fx_refill();
    DELETE FROM mart.move;
    INSERT INTO mart.move_stale SELECT i.instrument_id FROM mart.instrument AS i ON CONFLICT DO NOTHING;
    PERFORM warehouse.derive_moves();
END
$$;

SELECT warehouse.rebuild_marts();
