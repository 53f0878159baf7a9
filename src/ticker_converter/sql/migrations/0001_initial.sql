-- The rooms as schemas, the star schema, landing, and what readers see.

DO $roles$
DECLARE
    name text;
BEGIN
    -- Group roles without login; a server's own init gives them logins and passwords (deploy/).
    FOREACH name IN ARRAY ARRAY['ticker_reader', 'ticker_web'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', name);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- another database of this server made it
        END;
        BEGIN  -- from PostgreSQL 16 on, who makes a role may not take it without this
            IF NOT pg_has_role(current_user, name, 'MEMBER') THEN
                EXECUTE format('GRANT %I TO %I', name, current_user);
            END IF;
        EXCEPTION
            WHEN insufficient_privilege THEN NULL;  -- the server's own init says who reads as whom
        END;
    END LOOP;
END
$roles$;

CREATE SCHEMA landing;
CREATE SCHEMA warehouse;
CREATE SCHEMA mart;
CREATE SCHEMA access;
CREATE SCHEMA audit;

COMMENT ON SCHEMA landing IS 'What providers sent, byte for byte, and how each row of it ended.';
COMMENT ON SCHEMA warehouse IS 'Dimensions, facts as published, and their revisions.';
COMMENT ON SCHEMA mart IS 'What readers see; everything in it is computed from warehouse.';
COMMENT ON SCHEMA access IS 'Users, keys, tokens and limits.';
COMMENT ON SCHEMA audit IS 'Append-only trail of who did what.';

---------------------------------------------------------------------------------------------------------------
-- Dimensions: reference facts come from market/data, by `db upgrade`
---------------------------------------------------------------------------------------------------------------

CREATE TABLE warehouse.dim_currency (
    code text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    minor_digits smallint,
    valid_from date,
    valid_to date
);

CREATE TABLE warehouse.dim_price_unit (
    unit_id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    unit text COLLATE "C" NOT NULL UNIQUE,
    currency text COLLATE "C" NOT NULL REFERENCES warehouse.dim_currency,
    per integer NOT NULL CHECK (per > 0)
);
COMMENT ON COLUMN warehouse.dim_price_unit.per IS 'Units per one of the currency: GBX has 100 per GBP.';

CREATE TABLE warehouse.legal_factor (
    old text COLLATE "C" PRIMARY KEY REFERENCES warehouse.dim_currency,
    new text COLLATE "C" NOT NULL REFERENCES warehouse.dim_currency,
    factor numeric NOT NULL CHECK (factor > 0),
    effective date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('changeover', 'redenomination')),
    source text NOT NULL
);
COMMENT ON COLUMN warehouse.legal_factor.factor IS 'One new is this many old.';

CREATE TABLE warehouse.peg (
    currency text COLLATE "C" NOT NULL REFERENCES warehouse.dim_currency,
    anchor text COLLATE "C" NOT NULL REFERENCES warehouse.dim_currency,
    rate numeric NOT NULL CHECK (rate > 0),
    valid_from date NOT NULL,
    valid_to date,
    source text NOT NULL,
    PRIMARY KEY (currency, valid_from)
);
COMMENT ON COLUMN warehouse.peg.rate IS 'One anchor is this many of the currency.';

CREATE TABLE warehouse.dim_source (
    source_id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source text COLLATE "C" NOT NULL UNIQUE,
    pivot text COLLATE "C" REFERENCES warehouse.dim_currency,
    time_zone text NOT NULL DEFAULT 'UTC',
    final_at interval NOT NULL DEFAULT '24:00',
    fixing text,
    handmade boolean NOT NULL DEFAULT true
);
COMMENT ON COLUMN warehouse.dim_source.pivot IS 'The currency this source crosses through; null: any common one.';
COMMENT ON COLUMN warehouse.dim_source.final_at IS 'Local time of a day at which the rate of that day is final.';
COMMENT ON COLUMN warehouse.dim_source.handmade IS 'A person''s own figures: never carried past a newer rate.';

INSERT INTO warehouse.dim_currency (code, name) VALUES ('EUR', 'Euro'), ('USD', 'US Dollar');
INSERT INTO warehouse.dim_source (source, pivot, time_zone, final_at, fixing, handmade) VALUES
    ('files', NULL, 'UTC', '24:00', NULL, true),
    ('ecb', 'EUR', 'Europe/Berlin', '16:00', '14:15 Europe/Berlin', false),
    ('alpha_vantage', 'USD', 'UTC', '24:00', 'close of the UTC day', false),
    ('correction', NULL, 'UTC', '24:00', NULL, true);

CREATE TABLE warehouse.dim_exchange (
    mic text COLLATE "C" PRIMARY KEY,
    name text NOT NULL,
    country text,
    time_zone text NOT NULL,
    covered_from date,
    covered_to date
);
COMMENT ON COLUMN warehouse.dim_exchange.covered_from IS 'First day of which dim_date knows every session; null: none.';

CREATE TABLE warehouse.dim_date (
    mic text COLLATE "C" NOT NULL REFERENCES warehouse.dim_exchange,
    session date NOT NULL,
    closes_at timestamptz NOT NULL,
    admitted boolean NOT NULL DEFAULT false,
    PRIMARY KEY (mic, session)
);
COMMENT ON COLUMN warehouse.dim_date.admitted IS 'Added by a person against the calendar.';

CREATE TABLE warehouse.dim_instrument (
    instrument_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol text COLLATE "C" NOT NULL UNIQUE,
    mic text COLLATE "C" REFERENCES warehouse.dim_exchange,
    name text,
    kind text NOT NULL DEFAULT 'stock',
    providers text[] NOT NULL,
    watched boolean NOT NULL DEFAULT true,
    listed_from date,
    listed_to date,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN warehouse.dim_instrument.providers IS 'In order of preference: the first that states a bar stands.';

CREATE TABLE warehouse.instrument_unit (
    instrument_id integer NOT NULL REFERENCES warehouse.dim_instrument,
    valid_from date NOT NULL DEFAULT '-infinity',
    valid_to date NOT NULL DEFAULT 'infinity',
    unit_id smallint NOT NULL REFERENCES warehouse.dim_price_unit,
    PRIMARY KEY (instrument_id, valid_from)
);
COMMENT ON TABLE warehouse.instrument_unit IS 'The quoted unit, first day and last day included.';

CREATE TABLE warehouse.instrument_symbol (
    instrument_id integer NOT NULL REFERENCES warehouse.dim_instrument,
    provider text NOT NULL,
    symbol text COLLATE "C" NOT NULL,
    valid_from date NOT NULL DEFAULT '-infinity',
    valid_to date NOT NULL DEFAULT 'infinity',
    PRIMARY KEY (provider, symbol, valid_from)
);

---------------------------------------------------------------------------------------------------------------
-- Landing
---------------------------------------------------------------------------------------------------------------

CREATE TABLE landing.run (
    run_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command text NOT NULL,
    arguments jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'partly', 'failed')),
    report jsonb,
    message text,
    undone_by integer REFERENCES landing.run
);
COMMENT ON COLUMN landing.run.undone_by IS 'The run that took this one back: its statements are no one''s last word any more.';

CREATE TABLE landing.payload (
    payload_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256 bytea NOT NULL UNIQUE,
    bytes bigint NOT NULL,
    encoding text NOT NULL CHECK (encoding IN ('identity', 'zlib'))
);
COMMENT ON TABLE landing.payload IS 'Each distinct body once; landing.delivery tells when and from where it came.';

CREATE TABLE landing.payload_chunk (
    payload_id integer NOT NULL REFERENCES landing.payload,
    seq integer NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (payload_id, seq)
);
ALTER TABLE landing.payload_chunk ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE landing.delivery (
    delivery_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payload_id integer NOT NULL REFERENCES landing.payload,
    run_id integer NOT NULL REFERENCES landing.run,
    provider text NOT NULL,
    request text NOT NULL,
    symbol text,
    options jsonb NOT NULL DEFAULT '{}',
    content_type text,
    fetched_at timestamptz NOT NULL,
    known_at timestamptz,
    redacted boolean NOT NULL DEFAULT false,
    state text NOT NULL DEFAULT 'landed' CHECK (state IN ('landed', 'loaded', 'nothing', 'refused', 'unreadable')),
    parser_version integer,
    message text
);
CREATE INDEX delivery_payload ON landing.delivery (payload_id);
CREATE INDEX delivery_waiting ON landing.delivery (delivery_id) WHERE state = 'landed';
COMMENT ON COLUMN landing.delivery.state IS
    'landed: not yet read; loaded; nothing: read, holds nothing to load; refused: the provider said no; unreadable.';

CREATE TABLE landing.load (
    load_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id integer NOT NULL REFERENCES landing.run,
    delivery_id integer REFERENCES landing.delivery,
    kind text NOT NULL CHECK (kind IN ('load', 'replay', 'decision', 'correction', 'edit', 'undo', 'judge')),
    parser_version integer,
    known_from timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    counts jsonb,
    author text,
    reason text
);
CREATE INDEX load_known ON landing.load (known_from);
CREATE INDEX load_run ON landing.load (run_id);
COMMENT ON TABLE landing.load IS 'One publishing transaction; every fact names the one that brought it.';
COMMENT ON COLUMN landing.load.known_from IS 'From when this warehouse believed it (or, for an import with --known-at, would have).';

CREATE TABLE landing.quarantine (
    quarantine_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    load_id integer NOT NULL REFERENCES landing.load,
    kind text NOT NULL CHECK (kind IN ('price', 'rate', 'action')),
    instrument_id integer REFERENCES warehouse.dim_instrument,
    symbol text NOT NULL,
    day date,
    source_id smallint NOT NULL REFERENCES warehouse.dim_source,
    reason text NOT NULL,
    evidence jsonb NOT NULL,
    content jsonb NOT NULL,
    row_key text NOT NULL UNIQUE,
    group_key text,
    state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'accepted', 'rejected', 'rescaled', 'superseded')),
    factor numeric,
    decided_at timestamptz,
    decided_by text,
    decision_reason text
);
CREATE INDEX quarantine_held ON landing.quarantine (instrument_id, day) WHERE state = 'held';
COMMENT ON COLUMN landing.quarantine.content IS 'The row as published, as text; numbers that could be read are exact.';
COMMENT ON COLUMN landing.quarantine.row_key IS 'What the row says and who says it: the same row held again adds no entry.';

CREATE TABLE landing.finding (
    finding_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    load_id integer NOT NULL REFERENCES landing.load,
    rule text NOT NULL,
    subject text NOT NULL,
    day date,
    evidence jsonb NOT NULL,
    UNIQUE NULLS NOT DISTINCT (rule, subject, day)
);
COMMENT ON TABLE landing.finding IS 'What looks odd and was kept: never a rejection.';

CREATE TABLE landing.quota_use (
    provider text NOT NULL,
    key_id text NOT NULL,
    called_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    run_id integer NOT NULL REFERENCES landing.run,
    request text NOT NULL
);
CREATE INDEX quota_use_window ON landing.quota_use (provider, key_id, called_at);
COMMENT ON COLUMN landing.quota_use.key_id IS 'First 12 hex digits of the key''s SHA-256: tells keys apart, reveals none.';

CREATE TABLE landing.quota_closed (
    provider text NOT NULL,
    key_id text NOT NULL,
    until timestamptz NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (provider, key_id)
);
COMMENT ON TABLE landing.quota_closed IS 'A window that the provider itself has closed by a refusal.';

---------------------------------------------------------------------------------------------------------------
-- Facts. A foreign key on a fact costs more than anything else in a bulk load (PERFORMANCE): staging checks instead.
---------------------------------------------------------------------------------------------------------------

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
    volume numeric,
    PRIMARY KEY (instrument_id, session)
);
COMMENT ON COLUMN warehouse.fact_price.basis IS 'r raw (as traded), s split-adjusted, a adjusted for splits and dividends.';

CREATE TABLE warehouse.fact_price_revision (
    LIKE warehouse.fact_price,
    known_from timestamptz NOT NULL,
    known_to timestamptz NOT NULL,
    closed_by integer NOT NULL,
    PRIMARY KEY (instrument_id, session, known_from, load_id)
);
COMMENT ON TABLE warehouse.fact_price_revision IS 'Bars once current, believed from known_from until known_to.';

CREATE TABLE warehouse.fact_price_outranked (
    LIKE warehouse.fact_price,
    PRIMARY KEY (instrument_id, session, source_id, basis)
);
COMMENT ON TABLE warehouse.fact_price_outranked IS 'The last word of each provider that another one outranks.';

CREATE TABLE warehouse.fact_fx_rate (
    source_id smallint NOT NULL,
    base text COLLATE "C" NOT NULL,
    quote text COLLATE "C" NOT NULL,
    rate_date date NOT NULL,
    rate numeric NOT NULL,
    load_id integer NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (source_id, base, quote, rate_date)
);
COMMENT ON COLUMN warehouse.fact_fx_rate.rate IS 'One base is this many quote, as published.';

CREATE TABLE warehouse.fact_fx_rate_revision (
    LIKE warehouse.fact_fx_rate,
    known_to timestamptz NOT NULL,
    closed_by integer NOT NULL,
    PRIMARY KEY (source_id, base, quote, rate_date, known_from, load_id)
);

CREATE TABLE warehouse.fact_corporate_action (
    instrument_id integer NOT NULL,
    source_id smallint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('split', 'spinoff', 'dividend')),
    ex_date date NOT NULL,
    type text NOT NULL DEFAULT '',
    pay_date date NOT NULL DEFAULT 'infinity',
    new numeric,
    old numeric,
    amount numeric,
    unit_id smallint,
    basis "char" NOT NULL DEFAULT 'r',
    load_id integer NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (instrument_id, source_id, kind, ex_date, type, pay_date),
    CHECK (kind = 'dividend' AND amount > 0 AND unit_id IS NOT NULL OR kind <> 'dividend' AND new > 0 AND old > 0)
);
COMMENT ON COLUMN warehouse.fact_corporate_action.new IS 'Shares after, for `old` shares before (split); price factor new/old (spinoff).';
COMMENT ON COLUMN warehouse.fact_corporate_action.pay_date IS 'infinity: not stated.';

CREATE TABLE warehouse.fact_corporate_action_revision (
    LIKE warehouse.fact_corporate_action,
    known_to timestamptz NOT NULL,
    closed_by integer NOT NULL,
    PRIMARY KEY (instrument_id, source_id, kind, ex_date, type, pay_date, known_from, load_id)
);

CREATE TABLE warehouse.coverage (
    instrument_id integer PRIMARY KEY,
    first_session date NOT NULL,
    last_session date NOT NULL,
    bars integer NOT NULL
);
COMMENT ON TABLE warehouse.coverage IS 'What is stored per instrument; kept by every publish (max(date) over facts takes seconds).';

CREATE TABLE warehouse.state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    published_at timestamptz NOT NULL DEFAULT '-infinity',
    version bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN warehouse.state.published_at IS 'The greatest known_from given by the clock; the next is never before it.';
INSERT INTO warehouse.state DEFAULT VALUES;
