-- The whole schema: what all migrations make, applied in order. Made by `make schema`; not edited by hand.

SET check_function_bodies = false;  -- functions come before the tables they read

DO $$ BEGIN CREATE ROLE ticker_reader NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;

DO $$ BEGIN CREATE ROLE ticker_web NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;

CREATE SCHEMA access;

COMMENT ON SCHEMA access IS 'Users, keys, tokens and limits.';

CREATE SCHEMA audit;

COMMENT ON SCHEMA audit IS 'Append-only trail of who did what.';

CREATE SCHEMA landing;

COMMENT ON SCHEMA landing IS 'What providers sent, byte for byte, and how each row of it ended.';

CREATE SCHEMA mart;

COMMENT ON SCHEMA mart IS 'What readers see; everything in it is computed from warehouse.';

CREATE SCHEMA ops;

COMMENT ON SCHEMA ops IS 'The ledger of migrations; what the API asks the worker to do, and how it went.';

CREATE SCHEMA warehouse;

COMMENT ON SCHEMA warehouse IS 'Dimensions, facts as published, and their revisions.';

CREATE TYPE landing.unit_walk AS (
	accepted numeric,
	accepted_at bigint,
	last_held numeric,
	last_held_at bigint,
	held boolean,
	against numeric
);

CREATE TYPE mart.smoothing AS (
	sessions integer,
	total numeric,
	value numeric
);

CREATE TYPE warehouse.fx_touched AS (
	source_id smallint,
	base text,
	quote text,
	low date,
	high date
);

CREATE FUNCTION audit.acted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM audit.note(
        'act.' || (NEW.act ->> 'act'),
        coalesce(NEW.act ->> 'symbol', 'run:' || (NEW.act ->> 'run_id'), 'load:' || NEW.load_id),
        jsonb_build_object('load', NEW.load_id, 'run', NEW.run_id, 'reason', NEW.reason, 'told', NEW.act),
        sha256(convert_to(OLD.act::text, 'UTF8')), sha256(convert_to(NEW.act::text, 'UTF8')),
        coalesce(nullif(current_setting('ticker.actor', true), ''), NEW.author)
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION audit.asked() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM audit.note('request.' || NEW.act, 'request:' || NEW.request_id, NEW.arguments, actor => NEW.author);
    RETURN NULL;
END
$$;

CREATE FUNCTION audit.chained() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    e audit.event;
BEGIN
    -- The row lock is held from here to the end of the commit: events are numbered in the order of the commits.
    SELECT h.event_id + 1, h.sha256 INTO STRICT e.event_id, e.previous FROM audit.head AS h FOR UPDATE;
    e.at := NEW.at; e.actor := NEW.actor; e.role := NEW.role; e.act := NEW.act; e.subject := NEW.subject;
    e.detail := NEW.detail; e.before_sha256 := NEW.before_sha256; e.after_sha256 := NEW.after_sha256;
    e.origin := NEW.origin; e.request_id := NEW.request_id;
    e.sha256 := sha256(convert_to(audit.text_of(e), 'UTF8'));
    INSERT INTO audit.event SELECT e.*;
    UPDATE audit.head SET event_id = e.event_id, sha256 = e.sha256;
    DELETE FROM audit.noted WHERE note_id = NEW.note_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION audit.note(act text, subject text DEFAULT NULL::text, detail jsonb DEFAULT '{}'::jsonb, before_sha256 bytea DEFAULT NULL::bytea, after_sha256 bytea DEFAULT NULL::bytea, actor text DEFAULT NULL::text) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    INSERT INTO audit.noted (actor, role, act, subject, detail, before_sha256, after_sha256, origin, request_id)
    SELECT audit.who(coalesce(
            note.actor, nullif(current_setting('ticker.actor', true), ''), 'role ' || session_user
        )),
        session_user, note.act, note.subject, note.detail, note.before_sha256, note.after_sha256,
        nullif(current_setting('ticker.origin', true), ''), nullif(current_setting('ticker.request_id', true), '')
$$;

CREATE FUNCTION audit.refuse() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'audit.event is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE FUNCTION audit.row_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    hidden text[] := string_to_array(TG_ARGV[2], ',');
    changed text[] := ARRAY(
        SELECT k FROM jsonb_object_keys(coalesce(now, was)) AS k WHERE was -> k IS DISTINCT FROM now -> k ORDER BY k
    );
BEGIN
    PERFORM audit.note(
        TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '.added' WHEN 'DELETE' THEN '.deleted' ELSE '.changed' END,
        TG_ARGV[0] || ':' || (coalesce(now, was) ->> TG_ARGV[1]),
        jsonb_build_object('changed', to_jsonb(changed), 'now', now - hidden),
        sha256(convert_to(was::text, 'UTF8')), sha256(convert_to(now::text, 'UTF8'))
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION audit.session_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM audit.note(
        CASE TG_OP WHEN 'INSERT' THEN 'login' ELSE 'session.revoked' END, 'user:' || NEW.user_id,
        jsonb_build_object('family', NEW.family_id, 'scopes', to_jsonb(NEW.scopes)), actor => 'user:' || NEW.user_id
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION audit.signed_in() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM audit.note(
        CASE TG_OP WHEN 'INSERT' THEN 'login' ELSE 'logout' END, 'user:' || NEW.user_id, '{"page": true}',
        actor => 'user:' || NEW.user_id
    );
    RETURN NULL;
END
$$;

CREATE TABLE audit.event (
    event_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    act text NOT NULL,
    subject text,
    detail jsonb NOT NULL,
    before_sha256 bytea,
    after_sha256 bytea,
    origin text,
    request_id text,
    previous bytea NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT event_act_check CHECK ((act ~ '^[a-z_]+(\.[a-z_]+)*$'::text)),
    CONSTRAINT event_after_sha256_check CHECK ((octet_length(after_sha256) = 32)),
    CONSTRAINT event_before_sha256_check CHECK ((octet_length(before_sha256) = 32)),
    CONSTRAINT event_event_id_check CHECK ((event_id > 0)),
    CONSTRAINT event_previous_check CHECK ((octet_length(previous) = 32)),
    CONSTRAINT event_sha256_check CHECK ((octet_length(sha256) = 32))
);

COMMENT ON TABLE audit.event IS 'Append-only. Numbers have no gap; each row holds the hash of the one before.';

COMMENT ON COLUMN audit.event.actor IS 'Who the program says did it: user:ID (the name is in access.users alone), key and its id, or a login of the host.';

COMMENT ON COLUMN audit.event.role IS 'Who the database knows did it: the role that was logged in.';

COMMENT ON COLUMN audit.event.subject IS 'What it was done to: user:ID, key:ID, request:ID, run:ID, a symbol.';

COMMENT ON COLUMN audit.event.before_sha256 IS 'Of the row as jsonb text, before; null: there was none, or it is no row.';

COMMENT ON COLUMN audit.event.origin IS 'The network it came from: an address without its last part, or the process.';

COMMENT ON COLUMN audit.event.sha256 IS 'SHA-256 of all other columns, as audit.text_of spells them.';

CREATE FUNCTION audit.text_of(e audit.event) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    -- Each column as its length in bytes, a colon and its text; a null is -. So no two rows spell alike.
    SELECT string_agg(coalesce(octet_length(convert_to(c.part, 'UTF8')) || ':' || c.part, '-'), '' ORDER BY c.number)
    FROM unnest(ARRAY[
        e.event_id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.actor, e.role, e.act,
        e.subject, e.detail::text, encode(e.before_sha256, 'hex'), encode(e.after_sha256, 'hex'), e.origin,
        e.request_id, encode(e.previous, 'hex')
    ]) WITH ORDINALITY AS c (part, number)
$$;

CREATE FUNCTION audit.who(name text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT coalesce((SELECT 'user:' || u.user_id FROM access.users AS u WHERE u.name = who.name), who.name)
$$;

CREATE FUNCTION landing.row_key(kind text, source_id smallint, content jsonb) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN md5(((((kind || ':'::text) || source_id) || ':'::text) || (content)::text));

COMMENT ON FUNCTION landing.row_key(kind text, source_id smallint, content jsonb) IS 'What a row says and who says it.';

CREATE FUNCTION landing.stated_later(p_load integer, p_delivery integer) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
    -- Whether a load's statements are later than a delivery's: by the knowledge time of the delivery's first load, then by
    -- arrival. A person's act has no delivery and is later than all. A replay asks this, so that an old payload read
    -- again never unsays a newer one.
    SELECT l.delivery_id IS NULL OR (first.known_from, l.delivery_id) > (own.known_from, p_delivery)
    FROM landing.load AS l
    LEFT JOIN LATERAL (
        SELECT min(o.known_from) AS known_from FROM landing.load AS o WHERE o.delivery_id = l.delivery_id
    ) AS first ON true
    CROSS JOIN LATERAL (
        SELECT min(o.known_from) AS known_from FROM landing.load AS o WHERE o.delivery_id = p_delivery
    ) AS own
    WHERE l.load_id = p_load
$$;

CREATE FUNCTION landing.unit_level_step(state landing.unit_walk, level numeric, at bigint, forced boolean) RETURNS landing.unit_walk
    LANGUAGE plpgsql IMMUTABLE
    AS $$
-- A close is held when it jumps against the last accepted one (10 sessions back at most), or, past that, when it goes on
-- from the last held one without a jump. `forced` tells what was decided before: stored (false) or held (true).
DECLARE
    held boolean;
    against numeric := state.accepted;
BEGIN
    held := CASE
        WHEN forced IS NOT NULL THEN forced
        WHEN at - state.accepted_at <= 10 THEN landing.unit_step(level / state.accepted) IS NOT NULL
        WHEN at - state.last_held_at <= 10 THEN landing.unit_step(level / state.last_held) IS NULL
        ELSE false
    END;
    IF held THEN
        RETURN ROW(state.accepted, state.accepted_at, level, at, true, against)::landing.unit_walk;
    END IF;
    RETURN ROW(level, at, NULL, NULL, false, against)::landing.unit_walk;
END
$$;

CREATE FUNCTION landing.unit_step(ratio numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN CASE WHEN ((ratio >= (75)::numeric) AND (ratio <= (133)::numeric)) THEN (100)::numeric WHEN ((ratio >= (750)::numeric) AND (ratio <= (1333)::numeric)) THEN (1000)::numeric WHEN (ratio <= (0)::numeric) THEN NULL::numeric WHEN ((((1)::numeric / ratio) >= (75)::numeric) AND (((1)::numeric / ratio) <= (133)::numeric)) THEN 0.01 WHEN ((((1)::numeric / ratio) >= (750)::numeric) AND (((1)::numeric / ratio) <= (1333)::numeric)) THEN 0.001 ELSE NULL::numeric END;

COMMENT ON FUNCTION landing.unit_step(ratio numeric) IS 'The change of unit that a ratio of two closes looks like; null: none.';

CREATE FUNCTION mart.actions(p_instrument integer, p_known timestamp with time zone) RETURNS TABLE(kind text, ex_date date, type text, pay_date date, new numeric, old numeric, amount numeric, unit_id smallint, basis "char", source text)
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

CREATE FUNCTION mart.adjustments(p_instrument integer, p_adjust text, p_known timestamp with time zone, p_sources text[], p_max_age integer, p_pegs boolean) RETURNS TABLE(from_day date, to_day date, num numeric, den numeric, shares_num numeric, shares_den numeric, missing text)
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

CREATE FUNCTION mart.bar_until(p_instrument integer, p_until date, p_basis "char", p_skip integer, p_known timestamp with time zone) RETURNS TABLE(session date, unit_id smallint, basis "char", close numeric, volume numeric)
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

CREATE FUNCTION mart.bars(p_instrument integer, p_first date, p_last date, p_known timestamp with time zone) RETURNS TABLE(session date, source_id smallint, unit_id smallint, basis "char", open numeric, high numeric, low numeric, close numeric, volume numeric)
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

COMMENT ON FUNCTION mart.bars(p_instrument integer, p_first date, p_last date, p_known timestamp with time zone) IS 'Bars as stored, in their own unit and basis, as believed at p_known (null: now).';

CREATE FUNCTION mart.basis_gives(p_basis "char", p_adjust text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((p_adjust IS NULL) OR (p_basis = 'r'::"char") OR ((p_basis = 's'::"char") AND (p_adjust = 'splits'::text)) OR ((p_basis = 'a'::"char") AND (p_adjust = 'all'::text)));

COMMENT ON FUNCTION mart.basis_gives(p_basis "char", p_adjust text) IS 'From bars as traded every adjustment can be computed, an adjusted series has its own only.';

CREATE FUNCTION mart.basis_of(p_instrument integer, p_known timestamp with time zone, p_adjust text) RETURNS text
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

CREATE FUNCTION mart.basis_of(p_instrument integer, p_known timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE
    RETURN mart.basis_of(p_instrument, p_known, NULL::text);

CREATE FUNCTION mart.closes(p_instrument integer, p_first date, p_last date, p_adjust text, p_to text, p_known timestamp with time zone, p_sources text[], p_max_age integer, p_pegs boolean) RETURNS TABLE(session date, currency text, close numeric, link numeric, rate numeric, rate_date date, source text, missing text)
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

CREATE FUNCTION mart.exponent(x numeric) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (abs(x) >= (1)::numeric) THEN (length((trunc(abs(x)))::text) - 1) WHEN (x = (0)::numeric) THEN 0 ELSE ((length(ltrim(split_part((trim_scale(abs(x)))::text, '.'::text, 2), '0'::text)) - scale(trim_scale(x))) - 1) END;

COMMENT ON FUNCTION mart.exponent(x numeric) IS 'floor(log10(|x|)), exactly; 0 for 0.';

CREATE FUNCTION mart.fx_days(p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer, p_known timestamp with time zone, p_lag integer, p_legs boolean) RETURNS TABLE(day date, num numeric, den numeric, rate_date date, ord bigint, source text, legs jsonb)
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

CREATE FUNCTION mart.fx_exact(p_from text, p_to text, p_from_code text, p_to_code text, p_from_per numeric, p_to_per numeric, p_first date, p_last date, p_sources text[], p_max_age integer, p_known timestamp with time zone, p_lag integer, p_pegs boolean, p_legs boolean) RETURNS TABLE(day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
    LANGUAGE sql STABLE
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

CREATE FUNCTION mart.fx_fill_days() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 10;

COMMENT ON FUNCTION mart.fx_fill_days() IS 'How many days a rate is filled forward; who asks for older ones is answered from the facts.';

CREATE FUNCTION mart.fx_joined(p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer, p_known timestamp with time zone, p_lag integer, p_legs boolean) RETURNS TABLE(day date, num numeric, den numeric, rate_date date, source text, legs jsonb)
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

CREATE FUNCTION mart.fx_joined_span(p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamp with time zone) RETURNS TABLE(first date, last date)
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

CREATE FUNCTION mart.fx_pegged(p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer, p_known timestamp with time zone, p_lag integer, p_legs boolean) RETURNS TABLE(day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
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

CREATE FUNCTION mart.fx_quick(p_from text, p_to text, p_from_code text, p_to_code text, p_from_per numeric, p_to_per numeric, p_first date, p_last date, p_sources text[], p_max_age integer, p_lag integer, p_pegs boolean) RETURNS TABLE(day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
    LANGUAGE plpgsql STABLE
    SET plan_cache_mode TO 'force_custom_plan'
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

CREATE FUNCTION mart.fx_quick_from() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 60;

COMMENT ON FUNCTION mart.fx_quick_from() IS 'Days from which on a series is read from the filled rates: to plan that takes 1.5 ms, and a day from the facts 0.5.';

CREATE FUNCTION mart.fx_rate_known(p_known timestamp with time zone) RETURNS TABLE(source_id smallint, base text, quote text, rate_date date, rate numeric, known_from timestamp with time zone)
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    SELECT source_id, base, quote, rate_date, rate, known_from FROM mart.fx_rate
    WHERE p_known IS NULL OR known_from <= p_known
    UNION ALL
    SELECT source_id, base, quote, rate_date, rate, known_from FROM mart.fx_rate_revision
    WHERE p_known IS NOT NULL AND known_from <= p_known AND p_known < known_to
$$;

COMMENT ON FUNCTION mart.fx_rate_known(p_known timestamp with time zone) IS 'Rates as published, as believed at p_known (null: now).';

CREATE FUNCTION mart.fx_rates(p_from text, p_to text, p_first date, p_last date, p_sources text[], p_max_age integer DEFAULT 7, p_known timestamp with time zone DEFAULT NULL::timestamp with time zone, p_lag integer DEFAULT 0, p_pegs boolean DEFAULT false, p_legs boolean DEFAULT false) RETURNS TABLE(day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
    LANGUAGE plpgsql STABLE
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

CREATE FUNCTION mart.fx_routes(p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamp with time zone, p_legs boolean) RETURNS TABLE(ord bigint, source text, handmade boolean, rate_date date, num numeric, den numeric, legs jsonb)
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

CREATE FUNCTION mart.fx_span(p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamp with time zone) RETURNS TABLE(first date, last date)
    LANGUAGE sql STABLE
    AS $$
    -- The first and the last date on which one of the sources tells the rate.
    SELECT min(r.rate_date), max(r.rate_date)
    FROM mart.fx_routes(p_from, p_to, p_low, p_high, p_sources, p_known, false) AS r
$$;

CREATE FUNCTION mart.fx_unanswered(p_from text, p_to text, p_from_code text, p_to_code text, p_from_per numeric, p_to_per numeric, p_open date[], p_sources text[], p_max_age integer, p_known timestamp with time zone, p_lag integer, p_pegs boolean, p_legs boolean) RETURNS TABLE(day date, rate numeric, rate_date date, source text, missing text, legs jsonb)
    LANGUAGE plpgsql STABLE
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

CREATE FUNCTION mart.fx_via(p_from text, p_to text, p_low date, p_high date, p_sources text[], p_known timestamp with time zone) RETURNS TABLE(code text)
    LANGUAGE sql STABLE
    AS $$
    -- Where two sources may be joined: at a source's pivot, or at whatever a source without one has published. None
    -- while fewer than two of the sources have, or where the past is asked for had, any rate.
    WITH src AS (
        SELECT s.source_id, s.pivot
        FROM mart.source AS s
        WHERE s.source = ANY (p_sources) AND (  -- also what was undone since: past answers by a join had become empty
            EXISTS (SELECT FROM mart.fx_rate AS r WHERE r.source_id = s.source_id)
            OR p_known IS NOT NULL AND EXISTS (
                SELECT FROM mart.fx_rate_revision AS r WHERE r.source_id = s.source_id))
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

CREATE FUNCTION mart.fx_way_days(p_source smallint, p_x text, p_y text, p_swap boolean, p_via_x text, p_via_y text, p_via_swap boolean, p_first date, p_last date, p_lag integer) RETURNS TABLE(day date, num numeric, den numeric, rate_date date, sure boolean)
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

CREATE FUNCTION mart.fx_ways(p_from text, p_to text, p_sources text[]) RETURNS TABLE(ord bigint, source_id smallint, source text, handmade boolean, x text, y text, swap boolean, via_x text, via_y text, via_swap boolean, first date, last date, sure boolean)
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

CREATE FUNCTION mart.latest(p_on date, p_known timestamp with time zone) RETURNS TABLE(instrument_id integer, symbol text, mic text, session date, unit text, currency text, per integer, basis "char", close numeric, volume numeric, missing text)
    LANGUAGE sql STABLE
    AS $$
    SELECT * FROM mart.latest(p_on, p_known, NULL)
$$;

CREATE FUNCTION mart.latest(p_on date, p_known timestamp with time zone, p_only integer[]) RETURNS TABLE(instrument_id integer, symbol text, mic text, session date, unit text, currency text, per integer, basis "char", close numeric, volume numeric, missing text)
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

CREATE FUNCTION mart.money(x numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN trim_scale(round(x, CASE WHEN (x >= (10)::numeric) THEN CASE WHEN (x >= (1000)::numeric) THEN 6 WHEN (x >= (100)::numeric) THEN 7 ELSE 8 END WHEN (x >= (1)::numeric) THEN 9 WHEN (abs(x) >= (1000)::numeric) THEN 6 WHEN (abs(x) >= (100)::numeric) THEN 7 WHEN (abs(x) >= (10)::numeric) THEN 8 WHEN (abs(x) >= (1)::numeric) THEN 9 WHEN (x = (0)::numeric) THEN 6 ELSE (9 - mart.exponent(x)) END));

COMMENT ON FUNCTION mart.money(x numeric) IS 'An amount or price as reported: 6 decimals or 10 significant digits, whichever is finer.';

CREATE FUNCTION mart.moves(p_on date, p_back integer, p_before date, p_adjust text, p_to text, p_known timestamp with time zone, p_sources text[], p_max_age integer, p_pegs boolean) RETURNS TABLE(symbol text, mic text, currency text, base date, session date, close numeric, local numeric, fx numeric, total numeric, turnover numeric, missing text)
    LANGUAGE sql STABLE
    AS $$
    SELECT * FROM mart.moves(p_on, p_back, p_before, p_adjust, p_to, p_known, p_sources, p_max_age, p_pegs, NULL)
$$;

CREATE FUNCTION mart.moves(p_on date, p_back integer, p_before date, p_adjust text, p_to text, p_known timestamp with time zone, p_sources text[], p_max_age integer, p_pegs boolean, p_only integer[]) RETURNS TABLE(symbol text, mic text, currency text, base date, session date, close numeric, local numeric, fx numeric, total numeric, turnover numeric, missing text)
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

CREATE FUNCTION mart.price_shown(x numeric, as_published boolean) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN as_published THEN trim_scale(x) ELSE mart.money(x) END;

CREATE FUNCTION mart.ranking(p_on date, p_back smallint, p_adjust text, p_to text, p_losers boolean, p_limit integer, p_sources text[], p_max_age integer, p_pegs boolean) RETURNS TABLE(symbol text, session date, base date, close numeric, local numeric, fx numeric, total numeric, missing text)
    LANGUAGE plpgsql STABLE
    AS $_$
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
$_$;

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

CREATE FUNCTION mart.significant(x numeric, digits integer) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN trim_scale(round(x, ((digits - 1) - CASE WHEN (abs(x) >= (10)::numeric) THEN mart.exponent(x) WHEN (abs(x) >= (1)::numeric) THEN 0 WHEN (abs(x) >= 0.1) THEN '-1'::integer ELSE mart.exponent(x) END)));

COMMENT ON FUNCTION mart.significant(x numeric, digits integer) IS 'x rounded to so many significant digits; rates are reported with 12.';

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
    RETURN (state).value;

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

CREATE FUNCTION ops.request_asked() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NEW.act = 'cancel' THEN
        UPDATE ops.request AS r
        SET state = CASE r.state WHEN 'queued' THEN 'cancelled' ELSE r.state END,
            finished_at = CASE r.state WHEN 'queued' THEN clock_timestamp() END,
            cancel_asked_at = clock_timestamp()
        WHERE r.request_id = (NEW.arguments ->> 'request')::uuid
            AND r.act <> 'cancel' AND r.state IN ('queued', 'running');
        UPDATE ops.request AS r SET state = 'done', finished_at = clock_timestamp()
        WHERE r.request_id = NEW.request_id;
    END IF;
    PERFORM pg_notify('ops_request', '');
    RETURN NULL;
END
$$;

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

CREATE FUNCTION warehouse.fx_all_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM warehouse.fx_refill();
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.fx_codes_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM fresh) THEN
        PERFORM warehouse.fx_refill();
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.fx_deleted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM warehouse.fx_fill(ARRAY(
        SELECT ROW(r.source_id, r.base, r.quote, min(r.rate_date), max(r.rate_date))::warehouse.fx_touched
        FROM stale AS r GROUP BY r.source_id, r.base, r.quote));
    RETURN NULL;
END
$$;

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

CREATE FUNCTION warehouse.fx_inserted() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM warehouse.fx_fill(ARRAY(
        SELECT ROW(r.source_id, r.base, r.quote, min(r.rate_date), max(r.rate_date))::warehouse.fx_touched
        FROM fresh AS r GROUP BY r.source_id, r.base, r.quote));
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.fx_pivot_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM warehouse.fx_fill(ARRAY(
        SELECT ROW(r.source_id, r.base, r.quote, min(r.rate_date), max(r.rate_date))::warehouse.fx_touched
        FROM warehouse.fact_fx_rate AS r
        WHERE r.source_id = NEW.source_id
        GROUP BY r.source_id, r.base, r.quote));
    RETURN NULL;
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

CREATE FUNCTION warehouse.fx_updated() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION warehouse.moves_all_stale() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM mart.move;
    DELETE FROM mart.move_stale;
    INSERT INTO mart.move_stale SELECT i.instrument_id FROM mart.instrument AS i;
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.moves_to_derive() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM warehouse.derive_moves();
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.moves_went_stale() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO mart.move_stale SELECT DISTINCT t.instrument_id FROM touched AS t ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;

CREATE FUNCTION warehouse.price_rank(p_instrument integer, p_source smallint, p_basis "char") RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    -- By the order of providers that holds for the newest sessions.
    SELECT warehouse.price_rank(p_instrument, p_source, p_basis, 'infinity'::date)
$$;

CREATE FUNCTION warehouse.price_rank(p_instrument integer, p_source smallint, p_basis "char", p_session date) RETURNS integer
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
    -- Smaller stands: a person's correction, then the better basis (raw gives every adjustment), then the order of
    -- providers that holds for the session, then the rest in order of first use.
    SELECT CASE WHEN s.source = 'correction' THEN 0
        ELSE position(p_basis::text IN 'rsa') * 100000
            + coalesce(array_position(coalesce((
                SELECT o.providers FROM warehouse.provider_order AS o
                WHERE o.instrument_id = p_instrument AND o.valid_from <= p_session
                ORDER BY o.valid_from DESC LIMIT 1), i.providers), s.source) * 100, 10000 + p_source) END
    FROM warehouse.dim_instrument AS i, warehouse.dim_source AS s
    WHERE i.instrument_id = p_instrument AND s.source_id = p_source
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

CREATE AGGREGATE landing.unit_level(level numeric, at bigint, forced boolean) (
    SFUNC = landing.unit_level_step,
    STYPE = landing.unit_walk,
    INITCOND = '(,,,,,)'
);

CREATE AGGREGATE mart.product(numeric) (
    SFUNC = numeric_mul,
    STYPE = numeric,
    INITCOND = '1',
    PARALLEL = safe
);

CREATE AGGREGATE mart.smoothed(x numeric, n integer, weight integer) (
    SFUNC = mart.smoothing_step,
    STYPE = mart.smoothing,
    FINALFUNC = mart.smoothing_value
);

COMMENT ON AGGREGATE mart.smoothed(x numeric, n integer, weight integer) IS 'Over rows in order: the mean of the first n, then (weight x + (n-1) before)/(n-1+weight), 30 decimals each step; null until n rows, and anew after a null. Weight 2: EMA with alpha 2/(n+1); weight 1: Wilder''s average.';

CREATE TABLE access.api_key (
    key_id text NOT NULL COLLATE pg_catalog."C",
    sha256 bytea NOT NULL,
    name text,
    user_id integer,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    CONSTRAINT api_key_key_id_check CHECK ((key_id ~ '^[0-9a-f]{12}$'::text)),
    CONSTRAINT api_key_scopes_check CHECK ((scopes <@ ARRAY['read'::text, 'operate'::text, 'admin'::text])),
    CONSTRAINT api_key_sha256_check CHECK ((octet_length(sha256) = 32))
);

COMMENT ON COLUMN access.api_key.sha256 IS 'Of 256 random bits: nothing to guess, so a slow hash would only cost time.';

COMMENT ON COLUMN access.api_key.user_id IS 'Whose it is, where it is one person''s: a disabled user''s keys are refused.';

COMMENT ON COLUMN access.api_key.last_used_at IS 'Written at most once a minute.';

CREATE UNLOGGED TABLE access.limit_window (
    subject bytea NOT NULL,
    taken bigint NOT NULL,
    ends_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE access.limit_window IS 'Requests leased to the API''s workers since a caller''s window began. Unlogged: a crash begins the windows anew.';

COMMENT ON COLUMN access.limit_window.subject IS 'A digest of the key, user or address, the limit and the window.';

CREATE TABLE access.login_window (
    subject text NOT NULL COLLATE pg_catalog."C",
    attempts integer NOT NULL,
    ends_at timestamp with time zone NOT NULL
);

COMMENT ON TABLE access.login_window IS 'Attempts to log in since a window began: of an account, of an address, of an account from an address.';

COMMENT ON COLUMN access.login_window.subject IS 'A digest: what was typed as a name may be a password.';

CREATE TABLE access.refresh_family (
    family_id bigint NOT NULL,
    user_id integer NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    revoked_at timestamp with time zone
);

COMMENT ON TABLE access.refresh_family IS 'All refresh tokens that descend from one log-in; a token used twice revokes it.';

ALTER TABLE access.refresh_family ALTER COLUMN family_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME access.refresh_family_family_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE access.refresh_token (
    sha256 bytea NOT NULL,
    family_id bigint NOT NULL,
    issued_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT refresh_token_sha256_check CHECK ((octet_length(sha256) = 32))
);

CREATE TABLE access.session (
    sha256 bytea NOT NULL,
    user_id integer NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT session_sha256_check CHECK ((octet_length(sha256) = 32))
);

COMMENT ON TABLE access.session IS 'A browser that is signed in, by a cookie of 256 random bits.';

COMMENT ON COLUMN access.session.ended_at IS 'Signed out.';

CREATE TABLE access.users (
    user_id integer NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    password text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    tokens_from timestamp with time zone DEFAULT date_trunc('second'::text, clock_timestamp()) NOT NULL,
    disabled_at timestamp with time zone,
    CONSTRAINT users_name_check CHECK ((name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'::text)),
    CONSTRAINT users_password_check CHECK ((password ~~ '$argon2id$%'::text)),
    CONSTRAINT users_scopes_check CHECK ((scopes <@ ARRAY['read'::text, 'operate'::text, 'admin'::text]))
);

COMMENT ON COLUMN access.users.scopes IS 'No scope holds another: an administrator has all three.';

COMMENT ON COLUMN access.users.tokens_from IS 'Tokens issued before are refused: the password was set again.';

ALTER TABLE access.users ALTER COLUMN user_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME access.users_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE audit.head (
    one boolean DEFAULT true NOT NULL,
    event_id bigint NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT head_one_check CHECK (one)
);

COMMENT ON TABLE audit.head IS 'The newest event and its hash; backups carry a copy, against which a cut tail shows.';

CREATE TABLE audit.noted (
    note_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    act text NOT NULL,
    subject text,
    detail jsonb NOT NULL,
    before_sha256 bytea,
    after_sha256 bytea,
    origin text,
    request_id text
);

COMMENT ON TABLE audit.noted IS 'Empty for everyone but the transaction that writes to it.';

ALTER TABLE audit.noted ALTER COLUMN note_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME audit.noted_note_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE landing.delivery (
    delivery_id integer NOT NULL,
    payload_id integer NOT NULL,
    run_id integer NOT NULL,
    provider text NOT NULL,
    request text NOT NULL,
    symbol text,
    options jsonb DEFAULT '{}'::jsonb NOT NULL,
    content_type text,
    fetched_at timestamp with time zone NOT NULL,
    known_at timestamp with time zone,
    redacted boolean DEFAULT false NOT NULL,
    state text DEFAULT 'landed'::text NOT NULL,
    parser_version integer,
    message text,
    kind text,
    CONSTRAINT delivery_state_check CHECK ((state = ANY (ARRAY['landed'::text, 'loaded'::text, 'nothing'::text, 'refused'::text, 'unreadable'::text])))
);

COMMENT ON COLUMN landing.delivery.state IS 'landed: not yet read; loaded; nothing: read, holds nothing to load; refused: the provider said no; unreadable.';

COMMENT ON COLUMN landing.delivery.kind IS 'What the call was for: prices, rates, actions, listing; null: handed over by a person.';

CREATE TABLE landing.load (
    load_id integer NOT NULL,
    run_id integer NOT NULL,
    delivery_id integer,
    kind text NOT NULL,
    parser_version integer,
    known_from timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    counts jsonb,
    author text,
    reason text,
    act jsonb,
    origin integer,
    CONSTRAINT load_kind_check CHECK ((kind = ANY (ARRAY['load'::text, 'replay'::text, 'decision'::text, 'correction'::text, 'edit'::text, 'undo'::text, 'judge'::text])))
);

COMMENT ON TABLE landing.load IS 'One publishing transaction; every fact names the one that brought it.';

COMMENT ON COLUMN landing.load.known_from IS 'From when this warehouse believed it (or, for an import with --known-at, would have).';

COMMENT ON COLUMN landing.load.act IS 'What a person did, in words that a rebuild can repeat (a correction, an answer, an edit ...); null: a payload was loaded, or it belongs to the act before it.';

COMMENT ON COLUMN landing.load.origin IS 'The load whose word this one only puts back.';

CREATE TABLE landing.run (
    run_id integer NOT NULL,
    command text NOT NULL,
    arguments jsonb DEFAULT '{}'::jsonb NOT NULL,
    started_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    finished_at timestamp with time zone,
    state text DEFAULT 'running'::text NOT NULL,
    report jsonb,
    message text,
    undone_by integer,
    asked_as text DEFAULT NULLIF(current_setting('ticker.request_id'::text, true), ''::text),
    CONSTRAINT run_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'partly'::text, 'failed'::text])))
);

COMMENT ON COLUMN landing.run.undone_by IS 'The run that took this one back: its statements are no one''s last word any more.';

COMMENT ON COLUMN landing.run.asked_as IS 'The X-Request-ID of the HTTP request, or the id of the scheduler''s run, that asked.';

CREATE VIEW landing.dead_load AS
 SELECT l.load_id,
    l.delivery_id,
    COALESCE(r.run_id, d.run_id) AS run_id
   FROM ((landing.load l
     LEFT JOIN landing.run r ON (((r.run_id = l.run_id) AND (r.undone_by IS NOT NULL) AND (l.kind <> 'undo'::text))))
     LEFT JOIN ( SELECT x.delivery_id,
            x.run_id
           FROM (landing.delivery x
             JOIN landing.run n USING (run_id))
          WHERE (n.undone_by IS NOT NULL)) d USING (delivery_id))
  WHERE ((r.run_id IS NOT NULL) OR (d.run_id IS NOT NULL));

COMMENT ON VIEW landing.dead_load IS 'Loads whose statements are no one''s word any more: of a run that was taken back, or of what such a run had landed (a replay of it, a bar of it that an edit or a release put back).';

ALTER TABLE landing.delivery ALTER COLUMN delivery_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME landing.delivery_delivery_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE landing.finding (
    finding_id integer NOT NULL,
    load_id integer NOT NULL,
    rule text NOT NULL,
    subject text NOT NULL,
    day date,
    evidence jsonb NOT NULL
);

COMMENT ON TABLE landing.finding IS 'What looks odd and was kept: never a rejection.';

ALTER TABLE landing.finding ALTER COLUMN finding_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME landing.finding_finding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE landing.list_change (
    change_id integer NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    symbol text NOT NULL COLLATE pg_catalog."C",
    change jsonb
);

COMMENT ON TABLE landing.list_change IS 'Each change of the watch list that no load records: what `add` said, or null: `remove`. A rebuild repeats them.';

ALTER TABLE landing.list_change ALTER COLUMN change_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME landing.list_change_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE landing.load ALTER COLUMN load_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME landing.load_load_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE landing.payload (
    payload_id integer NOT NULL,
    sha256 bytea NOT NULL,
    bytes bigint NOT NULL,
    encoding text NOT NULL,
    CONSTRAINT payload_encoding_check CHECK ((encoding = ANY (ARRAY['identity'::text, 'zlib'::text])))
);

COMMENT ON TABLE landing.payload IS 'Each distinct body once; landing.delivery tells when and from where it came.';

CREATE TABLE landing.payload_chunk (
    payload_id integer NOT NULL,
    seq integer NOT NULL,
    body bytea NOT NULL
);
ALTER TABLE ONLY landing.payload_chunk ALTER COLUMN body SET STORAGE EXTERNAL;

ALTER TABLE landing.payload ALTER COLUMN payload_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME landing.payload_payload_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE landing.quarantine (
    quarantine_id integer NOT NULL,
    load_id integer NOT NULL,
    kind text NOT NULL,
    instrument_id integer,
    symbol text NOT NULL,
    day date,
    source_id smallint NOT NULL,
    reason text NOT NULL,
    evidence jsonb NOT NULL,
    content jsonb NOT NULL,
    row_key text NOT NULL,
    group_key text,
    state text DEFAULT 'held'::text NOT NULL,
    factor numeric,
    decided_at timestamp with time zone,
    decided_by text,
    decision_reason text,
    closed_by integer,
    origin integer,
    CONSTRAINT quarantine_kind_check CHECK ((kind = ANY (ARRAY['price'::text, 'rate'::text, 'action'::text]))),
    CONSTRAINT quarantine_state_check CHECK ((state = ANY (ARRAY['held'::text, 'accepted'::text, 'rejected'::text, 'rescaled'::text, 'superseded'::text])))
);

COMMENT ON COLUMN landing.quarantine.content IS 'The row as published, as text; numbers that could be read are exact.';

COMMENT ON COLUMN landing.quarantine.row_key IS 'What the row says and who says it: the same row held again adds no entry.';

COMMENT ON COLUMN landing.quarantine.closed_by IS 'The load whose row superseded this one.';

COMMENT ON COLUMN landing.quarantine.origin IS 'The load that had brought the row, where a later one held it back.';

ALTER TABLE landing.quarantine ALTER COLUMN quarantine_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME landing.quarantine_quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE landing.quota_closed (
    provider text NOT NULL,
    key_id text NOT NULL,
    until timestamp with time zone NOT NULL,
    message text NOT NULL,
    span text DEFAULT 'day'::text NOT NULL,
    closed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT quota_closed_span_check CHECK ((span = ANY (ARRAY['burst'::text, 'hour'::text, 'day'::text, 'month'::text, 'key'::text])))
);

COMMENT ON TABLE landing.quota_closed IS 'A window that the provider itself has closed by a refusal.';

COMMENT ON COLUMN landing.quota_closed.span IS 'What the refusal named: a second or minute (burst), hour, day, month; key: the key itself.';

CREATE TABLE landing.quota_use (
    provider text NOT NULL,
    key_id text NOT NULL,
    called_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    run_id integer NOT NULL,
    request text NOT NULL
);

COMMENT ON COLUMN landing.quota_use.key_id IS 'First 12 hex digits of the key''s SHA-256: tells keys apart, reveals none.';

CREATE TABLE landing.refusal (
    provider text NOT NULL,
    key_id text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    refused_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    until timestamp with time zone NOT NULL,
    run_id integer NOT NULL,
    message text NOT NULL
);

COMMENT ON TABLE landing.refusal IS 'What a provider said no to for good: no call is spent on it before `until`, unless a person names it.';

COMMENT ON COLUMN landing.refusal.key_id IS 'Empty: of every key (a symbol that is unknown there).';

COMMENT ON COLUMN landing.refusal.kind IS 'endpoint (subject: its name), or the kind of call (subject: the symbol, else the URL).';

ALTER TABLE landing.run ALTER COLUMN run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME landing.run_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW mart.backdated AS
 SELECT load_id,
    run_id,
    known_from,
    recorded_at
   FROM landing.load
  WHERE (recorded_at > (known_from + '00:01:00'::interval));

COMMENT ON VIEW mart.backdated IS 'Imports with a knowledge time of their own: the one act that may change a past answer.';

CREATE TABLE ops.backup (
    backup_id text NOT NULL,
    kind text NOT NULL,
    location text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text,
    snapshot_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    migration integer NOT NULL,
    encrypted boolean NOT NULL,
    pruned_at timestamp with time zone,
    CONSTRAINT backup_kind_check CHECK ((kind = ANY (ARRAY['full'::text, 'diff'::text, 'incr'::text])))
);

COMMENT ON COLUMN ops.backup.snapshot_at IS 'The instant of which the backup is: what came later is not in it.';

CREATE VIEW mart.backup AS
 SELECT backup_id,
    kind,
    bytes,
    snapshot_at,
    finished_at,
    migration,
    encrypted,
    pruned_at
   FROM ops.backup;

CREATE VIEW mart.calls AS
 SELECT provider,
    key_id,
    called_at,
    run_id
   FROM landing.quota_use;

CREATE TABLE warehouse.fact_corporate_action (
    instrument_id integer NOT NULL,
    source_id smallint NOT NULL,
    kind text NOT NULL,
    ex_date date NOT NULL,
    type text DEFAULT ''::text NOT NULL,
    pay_date date DEFAULT 'infinity'::date NOT NULL,
    new numeric,
    old numeric,
    amount numeric,
    unit_id smallint,
    basis "char" DEFAULT 'r'::"char" NOT NULL,
    load_id integer NOT NULL,
    known_from timestamp with time zone NOT NULL,
    CONSTRAINT fact_corporate_action_check CHECK ((((kind = 'dividend'::text) AND (amount > (0)::numeric) AND (unit_id IS NOT NULL)) OR ((kind <> 'dividend'::text) AND (new > (0)::numeric) AND (old > (0)::numeric)))),
    CONSTRAINT fact_corporate_action_kind_check CHECK ((kind = ANY (ARRAY['split'::text, 'spinoff'::text, 'dividend'::text])))
);

COMMENT ON COLUMN warehouse.fact_corporate_action.pay_date IS 'infinity: not stated.';

COMMENT ON COLUMN warehouse.fact_corporate_action.new IS 'Shares after, for `old` shares before (split); price factor new/old (spinoff).';

CREATE TABLE warehouse.fact_corporate_action_revision (
    instrument_id integer CONSTRAINT fact_corporate_action_instrument_id_not_null NOT NULL,
    source_id smallint CONSTRAINT fact_corporate_action_source_id_not_null NOT NULL,
    kind text CONSTRAINT fact_corporate_action_kind_not_null NOT NULL,
    ex_date date CONSTRAINT fact_corporate_action_ex_date_not_null NOT NULL,
    type text CONSTRAINT fact_corporate_action_type_not_null NOT NULL,
    pay_date date CONSTRAINT fact_corporate_action_pay_date_not_null NOT NULL,
    new numeric,
    old numeric,
    amount numeric,
    unit_id smallint,
    basis "char" CONSTRAINT fact_corporate_action_basis_not_null NOT NULL,
    load_id integer CONSTRAINT fact_corporate_action_load_id_not_null NOT NULL,
    known_from timestamp with time zone CONSTRAINT fact_corporate_action_known_from_not_null NOT NULL,
    known_to timestamp with time zone NOT NULL,
    closed_by integer NOT NULL
);

CREATE VIEW mart.corporate_action AS
 SELECT a.instrument_id,
    a.source_id,
    a.kind,
    a.ex_date,
    a.type,
    a.pay_date,
    a.new,
    a.old,
    a.amount,
    a.unit_id,
    a.basis,
    a.load_id,
    a.known_from,
    'infinity'::timestamp with time zone AS known_to
   FROM warehouse.fact_corporate_action a
UNION ALL
 SELECT fact_corporate_action_revision.instrument_id,
    fact_corporate_action_revision.source_id,
    fact_corporate_action_revision.kind,
    fact_corporate_action_revision.ex_date,
    fact_corporate_action_revision.type,
    fact_corporate_action_revision.pay_date,
    fact_corporate_action_revision.new,
    fact_corporate_action_revision.old,
    fact_corporate_action_revision.amount,
    fact_corporate_action_revision.unit_id,
    fact_corporate_action_revision.basis,
    fact_corporate_action_revision.load_id,
    fact_corporate_action_revision.known_from,
    fact_corporate_action_revision.known_to
   FROM warehouse.fact_corporate_action_revision;

CREATE TABLE warehouse.dim_currency (
    code text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    minor_digits smallint,
    valid_from date,
    valid_to date
);

CREATE VIEW mart.currency AS
 SELECT code,
    name,
    minor_digits,
    valid_from,
    valid_to
   FROM warehouse.dim_currency;

CREATE TABLE mart.currency_family (
    code text NOT NULL COLLATE pg_catalog."C",
    canonical text NOT NULL COLLATE pg_catalog."C",
    per numeric NOT NULL,
    retired_on date,
    successor text COLLATE pg_catalog."C",
    successor_per numeric,
    successor_on date
);

COMMENT ON TABLE mart.currency_family IS 'A code and the newest code of the same money through redenominations (1 canonical = per code), from when a source may no longer be believed about it (retired_on), and what the canonical was changed over to (1 successor = successor_per canonical, from successor_on).';

CREATE TABLE ops.drill (
    drill_id integer NOT NULL,
    backup_id text NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    passed boolean NOT NULL,
    recovery_seconds numeric NOT NULL,
    loss_seconds numeric NOT NULL,
    tables integer NOT NULL,
    rows bigint NOT NULL,
    questions integer NOT NULL,
    differences jsonb DEFAULT '[]'::jsonb NOT NULL
);

COMMENT ON COLUMN ops.drill.loss_seconds IS 'What would have been lost at the start of the drill: the age of the backup.';

CREATE VIEW mart.drill AS
 SELECT drill_id,
    backup_id,
    started_at,
    finished_at,
    passed,
    recovery_seconds,
    loss_seconds,
    tables,
    rows,
    questions,
    differences
   FROM ops.drill;

CREATE TABLE warehouse.dim_exchange (
    mic text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    country text,
    time_zone text NOT NULL,
    covered_from date,
    covered_to date
);

COMMENT ON COLUMN warehouse.dim_exchange.covered_from IS 'First day of which dim_date knows every session; null: none.';

CREATE VIEW mart.exchange AS
 SELECT mic,
    name,
    country,
    time_zone,
    covered_from,
    covered_to
   FROM warehouse.dim_exchange;

CREATE VIEW mart.finding AS
 SELECT f.finding_id,
    f.rule,
    f.subject,
    f.day,
    f.evidence,
    l.run_id,
    l.recorded_at
   FROM (landing.finding f
     JOIN landing.load l USING (load_id));

CREATE TABLE warehouse.dim_instrument (
    instrument_id integer NOT NULL,
    symbol text NOT NULL COLLATE pg_catalog."C",
    mic text COLLATE pg_catalog."C",
    name text,
    kind text DEFAULT 'stock'::text NOT NULL,
    providers text[] NOT NULL,
    watched boolean DEFAULT true NOT NULL,
    listed_from date,
    listed_to date,
    added_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    shadows text[] DEFAULT '{}'::text[] NOT NULL
);

COMMENT ON COLUMN warehouse.dim_instrument.providers IS 'In order of preference: the first that states a bar stands.';

COMMENT ON COLUMN warehouse.dim_instrument.shadows IS 'Fetched beside the first provider to be compared; never stand.';

CREATE TABLE warehouse.instrument_symbol (
    instrument_id integer NOT NULL,
    provider text NOT NULL,
    symbol text NOT NULL COLLATE pg_catalog."C",
    valid_from date DEFAULT '-infinity'::date NOT NULL,
    valid_to date DEFAULT 'infinity'::date NOT NULL
);

CREATE VIEW mart.former_symbol AS
 SELECT n.symbol,
    i.symbol AS now,
    n.valid_to AS until
   FROM (warehouse.instrument_symbol n
     JOIN warehouse.dim_instrument i USING (instrument_id))
  WHERE ((n.provider = 'files'::text) AND (n.valid_to < 'infinity'::date) AND (n.symbol <> i.symbol));

COMMENT ON VIEW mart.former_symbol IS 'Canonical symbols that an instrument bore until a day, and the one it bears now.';

CREATE TABLE mart.fx_filled (
    source_id smallint NOT NULL,
    x text NOT NULL COLLATE pg_catalog."C",
    y text NOT NULL COLLATE pg_catalog."C",
    day date NOT NULL,
    rate_date date NOT NULL,
    num numeric NOT NULL,
    den numeric NOT NULL
);

COMMENT ON TABLE mart.fx_filled IS 'Per calendar day what one x was in y (num/den) by what one source published, and when it did: at most 10 days before.';

CREATE TABLE mart.fx_pair (
    source_id smallint NOT NULL,
    x text NOT NULL COLLATE pg_catalog."C",
    y text NOT NULL COLLATE pg_catalog."C",
    first date NOT NULL,
    last date NOT NULL
);

COMMENT ON TABLE mart.fx_pair IS 'Which two monies (newest codes, in the order of the alphabet) a source publishes against each other, and when.';

CREATE TABLE warehouse.fact_fx_rate (
    source_id smallint NOT NULL,
    base text NOT NULL COLLATE pg_catalog."C",
    quote text NOT NULL COLLATE pg_catalog."C",
    rate_date date NOT NULL,
    rate numeric NOT NULL,
    load_id integer NOT NULL,
    known_from timestamp with time zone NOT NULL
);

COMMENT ON COLUMN warehouse.fact_fx_rate.rate IS 'One base is this many quote, as published.';

CREATE VIEW mart.fx_rate AS
 SELECT source_id,
    base,
    quote,
    rate_date,
    rate,
    load_id,
    known_from
   FROM warehouse.fact_fx_rate;

CREATE TABLE warehouse.fact_fx_rate_revision (
    source_id smallint CONSTRAINT fact_fx_rate_source_id_not_null NOT NULL,
    base text CONSTRAINT fact_fx_rate_base_not_null NOT NULL COLLATE pg_catalog."C",
    quote text CONSTRAINT fact_fx_rate_quote_not_null NOT NULL COLLATE pg_catalog."C",
    rate_date date CONSTRAINT fact_fx_rate_rate_date_not_null NOT NULL,
    rate numeric CONSTRAINT fact_fx_rate_rate_not_null NOT NULL,
    load_id integer CONSTRAINT fact_fx_rate_load_id_not_null NOT NULL,
    known_from timestamp with time zone CONSTRAINT fact_fx_rate_known_from_not_null NOT NULL,
    known_to timestamp with time zone NOT NULL,
    closed_by integer NOT NULL
);

CREATE VIEW mart.fx_rate_revision AS
 SELECT source_id,
    base,
    quote,
    rate_date,
    rate,
    load_id,
    known_from,
    known_to
   FROM warehouse.fact_fx_rate_revision;

CREATE TABLE warehouse.coverage (
    instrument_id integer NOT NULL,
    first_session date NOT NULL,
    last_session date NOT NULL,
    bars integer NOT NULL
);

COMMENT ON TABLE warehouse.coverage IS 'What is stored per instrument; kept by every publish (max(date) over facts takes seconds).';

CREATE TABLE warehouse.dim_price_unit (
    unit_id smallint NOT NULL,
    unit text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    per integer NOT NULL,
    CONSTRAINT dim_price_unit_per_check CHECK ((per > 0))
);

COMMENT ON COLUMN warehouse.dim_price_unit.per IS 'Units per one of the currency: GBX has 100 per GBP.';

CREATE TABLE warehouse.instrument_unit (
    instrument_id integer NOT NULL,
    valid_from date DEFAULT '-infinity'::date NOT NULL,
    valid_to date DEFAULT 'infinity'::date NOT NULL,
    unit_id smallint NOT NULL
);

COMMENT ON TABLE warehouse.instrument_unit IS 'The quoted unit, first day and last day included.';

CREATE VIEW mart.instrument AS
 SELECT i.instrument_id,
    i.symbol,
    i.mic,
    i.name,
    i.kind,
    i.providers,
    i.watched,
    i.listed_from,
    i.listed_to,
    u.unit,
    u.currency,
    c.first_session,
    c.last_session,
    COALESCE(c.bars, 0) AS bars
   FROM ((warehouse.dim_instrument i
     LEFT JOIN LATERAL ( SELECT p.unit,
            p.currency
           FROM (warehouse.instrument_unit iu
             JOIN warehouse.dim_price_unit p USING (unit_id))
          WHERE (iu.instrument_id = i.instrument_id)
          ORDER BY iu.valid_from DESC
         LIMIT 1) u ON (true))
     LEFT JOIN warehouse.coverage c USING (instrument_id));

CREATE TABLE warehouse.legal_factor (
    old text NOT NULL COLLATE pg_catalog."C",
    new text NOT NULL COLLATE pg_catalog."C",
    factor numeric NOT NULL,
    effective date NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    CONSTRAINT legal_factor_factor_check CHECK ((factor > (0)::numeric)),
    CONSTRAINT legal_factor_kind_check CHECK ((kind = ANY (ARRAY['changeover'::text, 'redenomination'::text])))
);

COMMENT ON COLUMN warehouse.legal_factor.factor IS 'One new is this many old.';

CREATE VIEW mart.legal_factor AS
 SELECT old,
    new,
    factor,
    effective,
    kind,
    source
   FROM warehouse.legal_factor;

CREATE TABLE warehouse.dim_date (
    mic text NOT NULL COLLATE pg_catalog."C",
    session date NOT NULL,
    closes_at timestamp with time zone NOT NULL,
    admitted boolean DEFAULT false NOT NULL
);

COMMENT ON COLUMN warehouse.dim_date.admitted IS 'Added by a person against the calendar.';

CREATE VIEW mart.list_state AS
 SELECT ( SELECT count(*) AS count
           FROM landing.list_change) AS changes,
    ( SELECT count(*) AS count
           FROM warehouse.dim_date
          WHERE dim_date.admitted) AS admitted;

COMMENT ON VIEW mart.list_state IS 'What changes the answers about the watch list without a publish: its changes, and sessions admitted by hand.';

CREATE TABLE ops.migration (
    number integer NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE VIEW mart.migration AS
 SELECT number,
    name,
    applied_at
   FROM ops.migration;

COMMENT ON VIEW mart.migration IS 'Applied migrations, for /health/ready.';

CREATE TABLE mart.move (
    back smallint NOT NULL,
    instrument_id integer NOT NULL,
    state text NOT NULL COLLATE pg_catalog."C",
    mic text NOT NULL COLLATE pg_catalog."C",
    currency text NOT NULL COLLATE pg_catalog."C",
    base date NOT NULL,
    session date NOT NULL,
    symbol text NOT NULL COLLATE pg_catalog."C",
    close numeric,
    per integer,
    splits numeric,
    dividends numeric
);

COMMENT ON TABLE mart.move IS 'Per watched instrument and window (back: 1, 5 or 30 sessions; 0: since the last session of the year before) what the last close is of the base''s, adjusted for splits, or for dividends too. state: `ok`; `no_price`, `too_few_sessions`; `special`: is worked out when asked. '''' and infinity stand for none.';

CREATE TABLE mart.move_stale (
    instrument_id integer NOT NULL
);

COMMENT ON TABLE mart.move_stale IS 'Instruments whose rows in mart.move are not to be read: something has changed since.';

CREATE TABLE warehouse.peg (
    currency text NOT NULL COLLATE pg_catalog."C",
    anchor text NOT NULL COLLATE pg_catalog."C",
    rate numeric NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL,
    CONSTRAINT peg_rate_check CHECK ((rate > (0)::numeric))
);

COMMENT ON COLUMN warehouse.peg.rate IS 'One anchor is this many of the currency.';

CREATE VIEW mart.peg AS
 SELECT currency,
    anchor,
    rate,
    valid_from,
    valid_to,
    source
   FROM warehouse.peg;

CREATE TABLE warehouse.fact_price (
    instrument_id integer NOT NULL,
    session date NOT NULL,
    load_id integer NOT NULL,
    source_id smallint NOT NULL,
    unit_id smallint NOT NULL,
    basis "char" NOT NULL,
    open numeric,
    high numeric,
    low numeric,
    close numeric NOT NULL,
    volume numeric
);

COMMENT ON COLUMN warehouse.fact_price.basis IS 'r raw (as traded), s split-adjusted, a adjusted for splits and dividends.';

CREATE VIEW mart.price AS
 SELECT instrument_id,
    session,
    load_id,
    source_id,
    unit_id,
    basis,
    open,
    high,
    low,
    close,
    volume
   FROM warehouse.fact_price;

CREATE TABLE warehouse.fact_price_revision (
    instrument_id integer CONSTRAINT fact_price_instrument_id_not_null NOT NULL,
    session date CONSTRAINT fact_price_session_not_null NOT NULL,
    load_id integer CONSTRAINT fact_price_load_id_not_null NOT NULL,
    source_id smallint CONSTRAINT fact_price_source_id_not_null NOT NULL,
    unit_id smallint CONSTRAINT fact_price_unit_id_not_null NOT NULL,
    basis "char" CONSTRAINT fact_price_basis_not_null NOT NULL,
    open numeric,
    high numeric,
    low numeric,
    close numeric CONSTRAINT fact_price_close_not_null NOT NULL,
    volume numeric,
    known_from timestamp with time zone NOT NULL,
    known_to timestamp with time zone NOT NULL,
    closed_by integer NOT NULL
);

COMMENT ON TABLE warehouse.fact_price_revision IS 'Bars once current, believed from known_from until known_to.';

CREATE VIEW mart.price_revision AS
 SELECT instrument_id,
    session,
    load_id,
    source_id,
    unit_id,
    basis,
    open,
    high,
    low,
    close,
    volume,
    known_from,
    known_to
   FROM warehouse.fact_price_revision;

CREATE VIEW mart.price_unit AS
 SELECT unit_id,
    unit,
    currency,
    per
   FROM warehouse.dim_price_unit;

CREATE VIEW mart.publication AS
 SELECT load_id,
    run_id,
    kind,
    known_from,
    recorded_at
   FROM landing.load;

CREATE TABLE warehouse.dim_source (
    source_id smallint NOT NULL,
    source text NOT NULL COLLATE pg_catalog."C",
    pivot text COLLATE pg_catalog."C",
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    final_at interval DEFAULT '24:00:00'::interval NOT NULL,
    fixing text,
    handmade boolean DEFAULT true NOT NULL
);

COMMENT ON COLUMN warehouse.dim_source.pivot IS 'The currency this source crosses through; null: any common one.';

COMMENT ON COLUMN warehouse.dim_source.final_at IS 'Local time of a day at which the rate of that day is final.';

COMMENT ON COLUMN warehouse.dim_source.handmade IS 'A person''s own figures: never carried past a newer rate.';

CREATE VIEW mart.quarantine AS
 SELECT q.quarantine_id,
    q.kind,
    q.symbol,
    q.day,
    s.source,
    q.reason,
    q.evidence,
    q.content,
    d.payload_id,
    l.run_id,
    q.state,
    q.group_key,
    q.factor,
    q.decided_at,
    q.decided_by,
    q.decision_reason
   FROM (((landing.quarantine q
     JOIN landing.load l USING (load_id))
     JOIN warehouse.dim_source s USING (source_id))
     LEFT JOIN landing.delivery d USING (delivery_id));

CREATE VIEW mart.rate_coverage AS
 SELECT s.source,
    r.base,
    r.quote,
    min(r.rate_date) AS first,
    max(r.rate_date) AS last,
    count(*) AS rates
   FROM (warehouse.fact_fx_rate r
     JOIN warehouse.dim_source s USING (source_id))
  GROUP BY s.source, r.base, r.quote;

CREATE VIEW mart.run AS
 SELECT run_id,
    command,
    arguments,
    started_at,
    finished_at,
    state,
    report,
    message
   FROM landing.run;

CREATE VIEW mart.session AS
 SELECT mic,
    session,
    closes_at
   FROM warehouse.dim_date;

CREATE VIEW mart.source AS
 SELECT source_id,
    source,
    pivot,
    time_zone,
    final_at,
    fixing,
    handmade
   FROM warehouse.dim_source;

CREATE TABLE warehouse.state (
    one boolean DEFAULT true NOT NULL,
    published_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    version bigint DEFAULT 0 NOT NULL,
    CONSTRAINT state_one_check CHECK (one)
);

COMMENT ON COLUMN warehouse.state.published_at IS 'The greatest known_from given by the clock; the next is never before it.';

CREATE VIEW mart.state AS
 SELECT published_at,
    version
   FROM warehouse.state;

ALTER TABLE ops.drill ALTER COLUMN drill_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME ops.drill_drill_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE ops.quota (
    provider text NOT NULL COLLATE pg_catalog."C",
    standing jsonb NOT NULL,
    noted_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

COMMENT ON TABLE ops.quota IS 'What `status` says of each provider that is asked, as the worker last noted it.';

CREATE TABLE ops.request (
    request_id uuid DEFAULT gen_random_uuid() NOT NULL,
    act text NOT NULL,
    arguments jsonb NOT NULL,
    author text NOT NULL,
    idempotency_key text,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    state text DEFAULT 'queued'::text NOT NULL,
    cancel_asked_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    worker text,
    lease_until timestamp with time zone,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    run_id integer,
    progress text,
    result json,
    error text,
    message text,
    asked_as text DEFAULT NULLIF(current_setting('ticker.request_id'::text, true), ''::text),
    CONSTRAINT request_act_check CHECK ((act = ANY (ARRAY['sync'::text, 'add'::text, 'answer'::text, 'correct'::text, 'cancel'::text]))),
    CONSTRAINT request_idempotency_key_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 200))),
    CONSTRAINT request_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'running'::text, 'done'::text, 'partly'::text, 'failed'::text, 'cancelled'::text])))
);

COMMENT ON COLUMN ops.request.author IS 'Who asked: a user''s name, or `key` and its id.';

COMMENT ON COLUMN ops.request.lease_until IS 'The worker renews it; past it another worker takes over.';

COMMENT ON COLUMN ops.request.result IS 'json and not jsonb: fields stay in the order in which they are promised.';

COMMENT ON COLUMN ops.request.error IS 'The class of the error, of errors.py.';

COMMENT ON COLUMN ops.request.asked_as IS 'The X-Request-ID of the HTTP request that asked.';

ALTER TABLE warehouse.dim_instrument ALTER COLUMN instrument_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME warehouse.dim_instrument_instrument_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE warehouse.dim_price_unit ALTER COLUMN unit_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME warehouse.dim_price_unit_unit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE warehouse.dim_source ALTER COLUMN source_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME warehouse.dim_source_source_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE warehouse.fact_price_outranked (
    instrument_id integer CONSTRAINT fact_price_instrument_id_not_null NOT NULL,
    session date CONSTRAINT fact_price_session_not_null NOT NULL,
    load_id integer CONSTRAINT fact_price_load_id_not_null NOT NULL,
    source_id smallint CONSTRAINT fact_price_source_id_not_null NOT NULL,
    unit_id smallint CONSTRAINT fact_price_unit_id_not_null NOT NULL,
    basis "char" CONSTRAINT fact_price_basis_not_null NOT NULL,
    open numeric,
    high numeric,
    low numeric,
    close numeric CONSTRAINT fact_price_close_not_null NOT NULL,
    volume numeric
);

COMMENT ON TABLE warehouse.fact_price_outranked IS 'The last word of each provider that another one outranks.';

CREATE TABLE warehouse.provider_order (
    instrument_id integer NOT NULL,
    valid_from date NOT NULL,
    providers text[] NOT NULL
);

COMMENT ON TABLE warehouse.provider_order IS 'Where the order of providers changed at a session: each order from its first session on. No row: dim_instrument.providers for all.';

ALTER TABLE ONLY access.api_key
    ADD CONSTRAINT api_key_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY access.limit_window
    ADD CONSTRAINT limit_window_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY access.login_window
    ADD CONSTRAINT login_window_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY access.refresh_family
    ADD CONSTRAINT refresh_family_pkey PRIMARY KEY (family_id);

ALTER TABLE ONLY access.refresh_token
    ADD CONSTRAINT refresh_token_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY access.session
    ADD CONSTRAINT session_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY access.users
    ADD CONSTRAINT users_name_key UNIQUE (name);

ALTER TABLE ONLY access.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY audit.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY audit.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (one);

ALTER TABLE ONLY audit.noted
    ADD CONSTRAINT noted_pkey PRIMARY KEY (note_id);

ALTER TABLE ONLY landing.delivery
    ADD CONSTRAINT delivery_pkey PRIMARY KEY (delivery_id);

ALTER TABLE ONLY landing.finding
    ADD CONSTRAINT finding_pkey PRIMARY KEY (finding_id);

ALTER TABLE ONLY landing.finding
    ADD CONSTRAINT finding_rule_subject_day_key UNIQUE NULLS NOT DISTINCT (rule, subject, day);

ALTER TABLE ONLY landing.list_change
    ADD CONSTRAINT list_change_pkey PRIMARY KEY (change_id);

ALTER TABLE ONLY landing.load
    ADD CONSTRAINT load_pkey PRIMARY KEY (load_id);

ALTER TABLE ONLY landing.payload_chunk
    ADD CONSTRAINT payload_chunk_pkey PRIMARY KEY (payload_id, seq);

ALTER TABLE ONLY landing.payload
    ADD CONSTRAINT payload_pkey PRIMARY KEY (payload_id);

ALTER TABLE ONLY landing.payload
    ADD CONSTRAINT payload_sha256_key UNIQUE (sha256);

ALTER TABLE ONLY landing.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id);

ALTER TABLE ONLY landing.quarantine
    ADD CONSTRAINT quarantine_row_key_key UNIQUE (row_key);

ALTER TABLE ONLY landing.quota_closed
    ADD CONSTRAINT quota_closed_pkey PRIMARY KEY (provider, key_id);

ALTER TABLE ONLY landing.refusal
    ADD CONSTRAINT refusal_pkey PRIMARY KEY (provider, key_id, kind, subject);

ALTER TABLE ONLY landing.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (run_id);

ALTER TABLE ONLY mart.currency_family
    ADD CONSTRAINT currency_family_pkey PRIMARY KEY (code);

ALTER TABLE ONLY mart.fx_filled
    ADD CONSTRAINT fx_filled_pkey PRIMARY KEY (source_id, x, y, day);

ALTER TABLE ONLY mart.fx_pair
    ADD CONSTRAINT fx_pair_pkey PRIMARY KEY (source_id, x, y);

ALTER TABLE ONLY mart.move
    ADD CONSTRAINT move_pkey PRIMARY KEY (back, instrument_id);

ALTER TABLE ONLY mart.move_stale
    ADD CONSTRAINT move_stale_pkey PRIMARY KEY (instrument_id);

ALTER TABLE ONLY ops.backup
    ADD CONSTRAINT backup_pkey PRIMARY KEY (backup_id);

ALTER TABLE ONLY ops.drill
    ADD CONSTRAINT drill_pkey PRIMARY KEY (drill_id);

ALTER TABLE ONLY ops.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY ops.quota
    ADD CONSTRAINT quota_pkey PRIMARY KEY (provider);

ALTER TABLE ONLY ops.request
    ADD CONSTRAINT request_author_idempotency_key_key UNIQUE (author, idempotency_key);

ALTER TABLE ONLY ops.request
    ADD CONSTRAINT request_pkey PRIMARY KEY (request_id);

ALTER TABLE ONLY warehouse.coverage
    ADD CONSTRAINT coverage_pkey PRIMARY KEY (instrument_id);

ALTER TABLE ONLY warehouse.dim_currency
    ADD CONSTRAINT dim_currency_pkey PRIMARY KEY (code);

ALTER TABLE ONLY warehouse.dim_date
    ADD CONSTRAINT dim_date_pkey PRIMARY KEY (mic, session);

ALTER TABLE ONLY warehouse.dim_exchange
    ADD CONSTRAINT dim_exchange_pkey PRIMARY KEY (mic);

ALTER TABLE ONLY warehouse.dim_instrument
    ADD CONSTRAINT dim_instrument_pkey PRIMARY KEY (instrument_id);

ALTER TABLE ONLY warehouse.dim_instrument
    ADD CONSTRAINT dim_instrument_symbol_key UNIQUE (symbol);

ALTER TABLE ONLY warehouse.dim_price_unit
    ADD CONSTRAINT dim_price_unit_pkey PRIMARY KEY (unit_id);

ALTER TABLE ONLY warehouse.dim_price_unit
    ADD CONSTRAINT dim_price_unit_unit_key UNIQUE (unit);

ALTER TABLE ONLY warehouse.dim_source
    ADD CONSTRAINT dim_source_pkey PRIMARY KEY (source_id);

ALTER TABLE ONLY warehouse.dim_source
    ADD CONSTRAINT dim_source_source_key UNIQUE (source);

ALTER TABLE ONLY warehouse.fact_corporate_action
    ADD CONSTRAINT fact_corporate_action_pkey PRIMARY KEY (instrument_id, source_id, kind, ex_date, type, pay_date);

ALTER TABLE ONLY warehouse.fact_corporate_action_revision
    ADD CONSTRAINT fact_corporate_action_revision_pkey PRIMARY KEY (instrument_id, source_id, kind, ex_date, type, pay_date, known_from, load_id);

ALTER TABLE ONLY warehouse.fact_fx_rate
    ADD CONSTRAINT fact_fx_rate_pkey PRIMARY KEY (source_id, base, quote, rate_date);

ALTER TABLE ONLY warehouse.fact_fx_rate_revision
    ADD CONSTRAINT fact_fx_rate_revision_pkey PRIMARY KEY (source_id, base, quote, rate_date, known_from, load_id);

ALTER TABLE ONLY warehouse.fact_price_outranked
    ADD CONSTRAINT fact_price_outranked_pkey PRIMARY KEY (instrument_id, session, source_id, basis);

ALTER TABLE ONLY warehouse.fact_price
    ADD CONSTRAINT fact_price_pkey PRIMARY KEY (instrument_id, session);

ALTER TABLE ONLY warehouse.fact_price_revision
    ADD CONSTRAINT fact_price_revision_pkey PRIMARY KEY (instrument_id, session, known_from, load_id);

ALTER TABLE ONLY warehouse.instrument_symbol
    ADD CONSTRAINT instrument_symbol_pkey PRIMARY KEY (provider, symbol, valid_from);

ALTER TABLE ONLY warehouse.instrument_unit
    ADD CONSTRAINT instrument_unit_pkey PRIMARY KEY (instrument_id, valid_from);

ALTER TABLE ONLY warehouse.legal_factor
    ADD CONSTRAINT legal_factor_pkey PRIMARY KEY (old);

ALTER TABLE ONLY warehouse.peg
    ADD CONSTRAINT peg_pkey PRIMARY KEY (currency, valid_from);

ALTER TABLE ONLY warehouse.provider_order
    ADD CONSTRAINT provider_order_pkey PRIMARY KEY (instrument_id, valid_from);

ALTER TABLE ONLY warehouse.state
    ADD CONSTRAINT state_pkey PRIMARY KEY (one);

CREATE INDEX refresh_family_user ON access.refresh_family USING btree (user_id);

CREATE INDEX refresh_token_family ON access.refresh_token USING btree (family_id);

CREATE INDEX session_expires ON access.session USING btree (expires_at);

CREATE INDEX event_at ON audit.event USING btree (at);

CREATE INDEX event_request ON audit.event USING btree (request_id) WHERE (request_id IS NOT NULL);

CREATE INDEX delivery_payload ON landing.delivery USING btree (payload_id);

CREATE INDEX delivery_request ON landing.delivery USING btree (provider, request);

CREATE INDEX delivery_waiting ON landing.delivery USING btree (delivery_id) WHERE (state = 'landed'::text);

CREATE INDEX load_given ON landing.load USING btree (load_id) WHERE ((recorded_at - known_from) > '00:01:00'::interval);

COMMENT ON INDEX landing.load_given IS 'The few loads whose knowledge time a person gave.';

CREATE INDEX load_known ON landing.load USING btree (known_from);

CREATE INDEX load_run ON landing.load USING btree (run_id);

CREATE INDEX quarantine_held ON landing.quarantine USING btree (instrument_id, day) WHERE (state = 'held'::text);

CREATE INDEX quota_use_window ON landing.quota_use USING btree (provider, key_id, called_at);

CREATE INDEX run_asked_as ON landing.run USING btree (asked_as) WHERE (asked_as IS NOT NULL);

CREATE INDEX move_dividends ON mart.move USING btree (back, state, mic, currency, base, session, dividends, symbol);

CREATE INDEX move_splits ON mart.move USING btree (back, state, mic, currency, base, session, splits, symbol);

CREATE INDEX request_open ON ops.request USING btree (asked_at) WHERE (state = ANY (ARRAY['queued'::text, 'running'::text]));

CREATE INDEX request_over ON ops.request USING btree (finished_at) WHERE (finished_at IS NOT NULL);

CREATE INDEX dim_date_admitted ON warehouse.dim_date USING btree (mic, session) WHERE admitted;

CREATE INDEX fact_price_other_basis ON warehouse.fact_price USING btree (instrument_id, session) WHERE (basis <> 'r'::"char");

CREATE TRIGGER audited AFTER INSERT OR DELETE ON access.api_key FOR EACH ROW EXECUTE FUNCTION audit.row_changed('key', 'key_id', 'sha256,name');

CREATE TRIGGER audited AFTER INSERT ON access.refresh_family FOR EACH ROW EXECUTE FUNCTION audit.session_changed();

CREATE TRIGGER audited AFTER INSERT ON access.session FOR EACH ROW EXECUTE FUNCTION audit.signed_in();

CREATE TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON access.users FOR EACH ROW EXECUTE FUNCTION audit.row_changed('user', 'user_id', 'password,name');

CREATE TRIGGER audited_change AFTER UPDATE OF key_id, sha256, name, user_id, scopes, created_at, expires_at, revoked_at ON access.api_key FOR EACH ROW EXECUTE FUNCTION audit.row_changed('key', 'key_id', 'sha256,name');

CREATE TRIGGER audited_change AFTER UPDATE OF revoked_at ON access.refresh_family FOR EACH ROW WHEN (((old.revoked_at IS NULL) AND (new.revoked_at IS NOT NULL))) EXECUTE FUNCTION audit.session_changed();

CREATE TRIGGER audited_change AFTER UPDATE OF ended_at ON access.session FOR EACH ROW WHEN (((old.ended_at IS NULL) AND (new.ended_at IS NOT NULL))) EXECUTE FUNCTION audit.signed_in();

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit.event FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();

CREATE CONSTRAINT TRIGGER chained AFTER INSERT ON audit.noted DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.chained();

CREATE TRIGGER audited AFTER UPDATE OF act ON landing.load FOR EACH ROW WHEN (((new.act IS NOT NULL) AND (old.act IS DISTINCT FROM new.act))) EXECUTE FUNCTION audit.acted();

CREATE TRIGGER fx_codes_added AFTER INSERT ON mart.currency_family REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_codes_changed();

CREATE TRIGGER fx_codes_changed AFTER UPDATE ON mart.currency_family REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_codes_changed();

CREATE TRIGGER audited AFTER INSERT ON ops.request FOR EACH ROW EXECUTE FUNCTION audit.asked();

CREATE TRIGGER request_asked AFTER INSERT ON ops.request FOR EACH ROW EXECUTE FUNCTION ops.request_asked();

CREATE TRIGGER fx_deleted AFTER DELETE ON warehouse.fact_fx_rate REFERENCING OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_deleted();

CREATE TRIGGER fx_emptied AFTER TRUNCATE ON warehouse.fact_fx_rate FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_all_changed();

CREATE TRIGGER fx_inserted AFTER INSERT ON warehouse.fact_fx_rate REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_inserted();

CREATE TRIGGER fx_pivot_changed AFTER UPDATE OF pivot ON warehouse.dim_source FOR EACH ROW WHEN ((old.pivot IS DISTINCT FROM new.pivot)) EXECUTE FUNCTION warehouse.fx_pivot_changed();

CREATE TRIGGER fx_updated AFTER UPDATE ON warehouse.fact_fx_rate REFERENCING OLD TABLE AS stale NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION warehouse.fx_updated();

CREATE TRIGGER moves_stale_delete AFTER DELETE ON warehouse.coverage REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_delete AFTER DELETE ON warehouse.dim_instrument REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_delete AFTER DELETE ON warehouse.fact_corporate_action REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_delete AFTER DELETE ON warehouse.fact_price REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_insert AFTER INSERT ON warehouse.coverage REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_insert AFTER INSERT ON warehouse.dim_instrument REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_insert AFTER INSERT ON warehouse.fact_corporate_action REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_insert AFTER INSERT ON warehouse.fact_corporate_action_revision REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_truncate AFTER TRUNCATE ON warehouse.coverage FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_all_stale();

CREATE TRIGGER moves_stale_truncate AFTER TRUNCATE ON warehouse.dim_instrument FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_all_stale();

CREATE TRIGGER moves_stale_truncate AFTER TRUNCATE ON warehouse.fact_corporate_action FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_all_stale();

CREATE TRIGGER moves_stale_truncate AFTER TRUNCATE ON warehouse.fact_price FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_all_stale();

CREATE TRIGGER moves_stale_update AFTER UPDATE ON warehouse.coverage REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_update AFTER UPDATE ON warehouse.dim_instrument REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_update AFTER UPDATE ON warehouse.fact_corporate_action REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_stale_update AFTER UPDATE ON warehouse.fact_price REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_went_stale();

CREATE TRIGGER moves_to_derive AFTER UPDATE ON warehouse.state FOR EACH STATEMENT EXECUTE FUNCTION warehouse.moves_to_derive();

ALTER TABLE ONLY access.api_key
    ADD CONSTRAINT api_key_user_id_fkey FOREIGN KEY (user_id) REFERENCES access.users(user_id);

ALTER TABLE ONLY access.refresh_family
    ADD CONSTRAINT refresh_family_user_id_fkey FOREIGN KEY (user_id) REFERENCES access.users(user_id);

ALTER TABLE ONLY access.refresh_token
    ADD CONSTRAINT refresh_token_family_id_fkey FOREIGN KEY (family_id) REFERENCES access.refresh_family(family_id) ON DELETE CASCADE;

ALTER TABLE ONLY access.session
    ADD CONSTRAINT session_user_id_fkey FOREIGN KEY (user_id) REFERENCES access.users(user_id);

ALTER TABLE ONLY landing.delivery
    ADD CONSTRAINT delivery_payload_id_fkey FOREIGN KEY (payload_id) REFERENCES landing.payload(payload_id);

ALTER TABLE ONLY landing.delivery
    ADD CONSTRAINT delivery_run_id_fkey FOREIGN KEY (run_id) REFERENCES landing.run(run_id);

ALTER TABLE ONLY landing.finding
    ADD CONSTRAINT finding_load_id_fkey FOREIGN KEY (load_id) REFERENCES landing.load(load_id);

ALTER TABLE ONLY landing.load
    ADD CONSTRAINT load_delivery_id_fkey FOREIGN KEY (delivery_id) REFERENCES landing.delivery(delivery_id);

ALTER TABLE ONLY landing.load
    ADD CONSTRAINT load_run_id_fkey FOREIGN KEY (run_id) REFERENCES landing.run(run_id);

ALTER TABLE ONLY landing.payload_chunk
    ADD CONSTRAINT payload_chunk_payload_id_fkey FOREIGN KEY (payload_id) REFERENCES landing.payload(payload_id);

ALTER TABLE ONLY landing.quarantine
    ADD CONSTRAINT quarantine_instrument_id_fkey FOREIGN KEY (instrument_id) REFERENCES warehouse.dim_instrument(instrument_id);

ALTER TABLE ONLY landing.quarantine
    ADD CONSTRAINT quarantine_load_id_fkey FOREIGN KEY (load_id) REFERENCES landing.load(load_id);

ALTER TABLE ONLY landing.quarantine
    ADD CONSTRAINT quarantine_source_id_fkey FOREIGN KEY (source_id) REFERENCES warehouse.dim_source(source_id);

ALTER TABLE ONLY landing.quota_use
    ADD CONSTRAINT quota_use_run_id_fkey FOREIGN KEY (run_id) REFERENCES landing.run(run_id);

ALTER TABLE ONLY landing.run
    ADD CONSTRAINT run_undone_by_fkey FOREIGN KEY (undone_by) REFERENCES landing.run(run_id);

ALTER TABLE ONLY warehouse.dim_date
    ADD CONSTRAINT dim_date_mic_fkey FOREIGN KEY (mic) REFERENCES warehouse.dim_exchange(mic);

ALTER TABLE ONLY warehouse.dim_instrument
    ADD CONSTRAINT dim_instrument_mic_fkey FOREIGN KEY (mic) REFERENCES warehouse.dim_exchange(mic);

ALTER TABLE ONLY warehouse.dim_price_unit
    ADD CONSTRAINT dim_price_unit_currency_fkey FOREIGN KEY (currency) REFERENCES warehouse.dim_currency(code);

ALTER TABLE ONLY warehouse.dim_source
    ADD CONSTRAINT dim_source_pivot_fkey FOREIGN KEY (pivot) REFERENCES warehouse.dim_currency(code);

ALTER TABLE ONLY warehouse.instrument_symbol
    ADD CONSTRAINT instrument_symbol_instrument_id_fkey FOREIGN KEY (instrument_id) REFERENCES warehouse.dim_instrument(instrument_id);

ALTER TABLE ONLY warehouse.instrument_unit
    ADD CONSTRAINT instrument_unit_instrument_id_fkey FOREIGN KEY (instrument_id) REFERENCES warehouse.dim_instrument(instrument_id);

ALTER TABLE ONLY warehouse.instrument_unit
    ADD CONSTRAINT instrument_unit_unit_id_fkey FOREIGN KEY (unit_id) REFERENCES warehouse.dim_price_unit(unit_id);

ALTER TABLE ONLY warehouse.legal_factor
    ADD CONSTRAINT legal_factor_new_fkey FOREIGN KEY (new) REFERENCES warehouse.dim_currency(code);

ALTER TABLE ONLY warehouse.legal_factor
    ADD CONSTRAINT legal_factor_old_fkey FOREIGN KEY (old) REFERENCES warehouse.dim_currency(code);

ALTER TABLE ONLY warehouse.peg
    ADD CONSTRAINT peg_anchor_fkey FOREIGN KEY (anchor) REFERENCES warehouse.dim_currency(code);

ALTER TABLE ONLY warehouse.peg
    ADD CONSTRAINT peg_currency_fkey FOREIGN KEY (currency) REFERENCES warehouse.dim_currency(code);

GRANT USAGE ON SCHEMA access TO ticker_web;

GRANT USAGE ON SCHEMA audit TO ticker_web;

GRANT USAGE ON SCHEMA mart TO ticker_reader;
GRANT USAGE ON SCHEMA mart TO ticker_web;

GRANT USAGE ON SCHEMA ops TO ticker_web;

REVOKE USAGE ON SCHEMA public FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.acted() FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.asked() FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.chained() FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.note(act text, subject text, detail jsonb, before_sha256 bytea, after_sha256 bytea, actor text) FROM PUBLIC;
GRANT ALL ON FUNCTION audit.note(act text, subject text, detail jsonb, before_sha256 bytea, after_sha256 bytea, actor text) TO ticker_web;

REVOKE ALL ON FUNCTION audit.refuse() FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.row_changed() FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.session_changed() FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.signed_in() FROM PUBLIC;

GRANT SELECT ON TABLE audit.event TO ticker_web;

REVOKE ALL ON FUNCTION audit.text_of(e audit.event) FROM PUBLIC;

REVOKE ALL ON FUNCTION audit.who(name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION ops.request_asked() FROM PUBLIC;

GRANT SELECT ON TABLE access.api_key TO ticker_web;

GRANT UPDATE(last_used_at) ON TABLE access.api_key TO ticker_web;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE access.limit_window TO ticker_web;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE access.login_window TO ticker_web;

GRANT SELECT,INSERT ON TABLE access.refresh_family TO ticker_web;

GRANT UPDATE(revoked_at) ON TABLE access.refresh_family TO ticker_web;

GRANT SELECT,INSERT ON TABLE access.refresh_token TO ticker_web;

GRANT UPDATE(used_at) ON TABLE access.refresh_token TO ticker_web;

GRANT SELECT,INSERT,DELETE ON TABLE access.session TO ticker_web;

GRANT UPDATE(ended_at) ON TABLE access.session TO ticker_web;

GRANT SELECT ON TABLE access.users TO ticker_web;

GRANT UPDATE(password) ON TABLE access.users TO ticker_web;

GRANT SELECT ON TABLE mart.backdated TO ticker_reader;
GRANT SELECT ON TABLE mart.backdated TO ticker_web;

GRANT SELECT ON TABLE mart.backup TO ticker_reader;
GRANT SELECT ON TABLE mart.backup TO ticker_web;

GRANT SELECT ON TABLE mart.calls TO ticker_reader;
GRANT SELECT ON TABLE mart.calls TO ticker_web;

GRANT SELECT ON TABLE mart.corporate_action TO ticker_reader;
GRANT SELECT ON TABLE mart.corporate_action TO ticker_web;

GRANT SELECT ON TABLE mart.currency TO ticker_reader;
GRANT SELECT ON TABLE mart.currency TO ticker_web;

GRANT SELECT ON TABLE mart.currency_family TO ticker_reader;
GRANT SELECT ON TABLE mart.currency_family TO ticker_web;

GRANT SELECT ON TABLE mart.drill TO ticker_reader;
GRANT SELECT ON TABLE mart.drill TO ticker_web;

GRANT SELECT ON TABLE mart.exchange TO ticker_reader;
GRANT SELECT ON TABLE mart.exchange TO ticker_web;

GRANT SELECT ON TABLE mart.finding TO ticker_reader;
GRANT SELECT ON TABLE mart.finding TO ticker_web;

GRANT SELECT ON TABLE mart.former_symbol TO ticker_reader;
GRANT SELECT ON TABLE mart.former_symbol TO ticker_web;

GRANT SELECT ON TABLE mart.fx_filled TO ticker_reader;
GRANT SELECT ON TABLE mart.fx_filled TO ticker_web;

GRANT SELECT ON TABLE mart.fx_pair TO ticker_reader;
GRANT SELECT ON TABLE mart.fx_pair TO ticker_web;

GRANT SELECT ON TABLE mart.fx_rate TO ticker_reader;
GRANT SELECT ON TABLE mart.fx_rate TO ticker_web;

GRANT SELECT ON TABLE mart.fx_rate_revision TO ticker_reader;
GRANT SELECT ON TABLE mart.fx_rate_revision TO ticker_web;

GRANT SELECT ON TABLE mart.instrument TO ticker_reader;
GRANT SELECT ON TABLE mart.instrument TO ticker_web;

GRANT SELECT ON TABLE mart.legal_factor TO ticker_reader;
GRANT SELECT ON TABLE mart.legal_factor TO ticker_web;

GRANT SELECT ON TABLE mart.list_state TO ticker_reader;
GRANT SELECT ON TABLE mart.list_state TO ticker_web;

GRANT SELECT ON TABLE mart.migration TO ticker_reader;
GRANT SELECT ON TABLE mart.migration TO ticker_web;

GRANT SELECT ON TABLE mart.move TO ticker_reader;
GRANT SELECT ON TABLE mart.move TO ticker_web;

GRANT SELECT ON TABLE mart.move_stale TO ticker_reader;
GRANT SELECT ON TABLE mart.move_stale TO ticker_web;

GRANT SELECT ON TABLE mart.peg TO ticker_reader;
GRANT SELECT ON TABLE mart.peg TO ticker_web;

GRANT SELECT ON TABLE mart.price TO ticker_reader;
GRANT SELECT ON TABLE mart.price TO ticker_web;

GRANT SELECT ON TABLE mart.price_revision TO ticker_reader;
GRANT SELECT ON TABLE mart.price_revision TO ticker_web;

GRANT SELECT ON TABLE mart.price_unit TO ticker_reader;
GRANT SELECT ON TABLE mart.price_unit TO ticker_web;

GRANT SELECT ON TABLE mart.publication TO ticker_reader;
GRANT SELECT ON TABLE mart.publication TO ticker_web;

GRANT SELECT ON TABLE mart.quarantine TO ticker_reader;
GRANT SELECT ON TABLE mart.quarantine TO ticker_web;

GRANT SELECT ON TABLE mart.rate_coverage TO ticker_reader;
GRANT SELECT ON TABLE mart.rate_coverage TO ticker_web;

GRANT SELECT ON TABLE mart.run TO ticker_reader;
GRANT SELECT ON TABLE mart.run TO ticker_web;

GRANT SELECT ON TABLE mart.session TO ticker_reader;
GRANT SELECT ON TABLE mart.session TO ticker_web;

GRANT SELECT ON TABLE mart.source TO ticker_reader;
GRANT SELECT ON TABLE mart.source TO ticker_web;

GRANT SELECT ON TABLE mart.state TO ticker_reader;
GRANT SELECT ON TABLE mart.state TO ticker_web;

GRANT SELECT ON TABLE ops.quota TO ticker_web;

GRANT SELECT ON TABLE ops.request TO ticker_web;

GRANT INSERT(act) ON TABLE ops.request TO ticker_web;

GRANT INSERT(arguments) ON TABLE ops.request TO ticker_web;

GRANT INSERT(author) ON TABLE ops.request TO ticker_web;

GRANT INSERT(idempotency_key) ON TABLE ops.request TO ticker_web;

ALTER DEFAULT PRIVILEGES IN SCHEMA mart GRANT SELECT ON TABLES TO ticker_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA mart GRANT SELECT ON TABLES TO ticker_web;
