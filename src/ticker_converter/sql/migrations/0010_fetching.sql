-- Fetching: windows of a quota by key, what providers refused, orders of providers from a day on, and shadow providers.

ALTER TABLE landing.quota_closed
    ADD COLUMN span text NOT NULL DEFAULT 'day' CHECK (span IN ('burst', 'hour', 'day', 'month', 'key')),
    ADD COLUMN closed_at timestamptz NOT NULL DEFAULT clock_timestamp();
COMMENT ON COLUMN landing.quota_closed.span IS 'What the refusal named: a second or minute (burst), hour, day, month; key: the key itself.';

CREATE TABLE landing.refusal (
    provider text NOT NULL,
    key_id text NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    until timestamptz NOT NULL,
    run_id integer NOT NULL,
    message text NOT NULL,
    PRIMARY KEY (provider, key_id, kind, subject)
);
COMMENT ON TABLE landing.refusal IS 'What a provider said no to for good: no call is spent on it before `until`, unless a person names it.';
COMMENT ON COLUMN landing.refusal.key_id IS 'Empty: of every key (a symbol that is unknown there).';
COMMENT ON COLUMN landing.refusal.kind IS 'endpoint (subject: its name), or the kind of call (subject: the symbol, else the URL).';

ALTER TABLE landing.delivery ADD COLUMN kind text;
COMMENT ON COLUMN landing.delivery.kind IS 'What the call was for: prices, rates, actions, listing; null: handed over by a person.';
CREATE INDEX delivery_request ON landing.delivery (provider, request);

ALTER TABLE warehouse.dim_instrument ADD COLUMN shadows text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN warehouse.dim_instrument.shadows IS 'Fetched beside the first provider to be compared; never stand.';

CREATE TABLE warehouse.provider_order (
    instrument_id integer NOT NULL,
    valid_from date NOT NULL,
    providers text[] NOT NULL,
    PRIMARY KEY (instrument_id, valid_from)
);
COMMENT ON TABLE warehouse.provider_order IS
    'Where the order of providers changed at a session: each order from its first session on. No row: dim_instrument.providers for all.';

CREATE FUNCTION warehouse.price_rank(p_instrument integer, p_source smallint, p_basis "char", p_session date)
RETURNS integer
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

CREATE OR REPLACE FUNCTION warehouse.price_rank(p_instrument integer, p_source smallint, p_basis "char") RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    -- By the order of providers that holds for the newest sessions.
    SELECT warehouse.price_rank(p_instrument, p_source, p_basis, 'infinity'::date)
$$;

ALTER TABLE landing.load ADD COLUMN act jsonb;
COMMENT ON COLUMN landing.load.act IS
    'What a person did, in words that a rebuild can repeat (a correction, an answer, an edit ...); null: a payload was loaded, or it belongs to the act before it.';

CREATE TABLE landing.list_change (
    change_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    symbol text COLLATE "C" NOT NULL,
    change jsonb
);
COMMENT ON TABLE landing.list_change IS
    'Each change of the watch list that no load records: what `add` said, or null: `remove`. A rebuild repeats them.';

-- Instruments that came to the list before changes were recorded: as they came, as far as it is known.
INSERT INTO landing.list_change (changed_at, symbol, change)
SELECT i.added_at, i.symbol, jsonb_build_object(
    'unit', u.unit, 'mic', i.mic, 'name', i.name, 'providers', to_jsonb(i.providers), 'kind', i.kind)
FROM warehouse.dim_instrument AS i
CROSS JOIN LATERAL (
    SELECT p.unit FROM warehouse.instrument_unit AS iu JOIN warehouse.dim_price_unit AS p USING (unit_id)
    WHERE iu.instrument_id = i.instrument_id ORDER BY iu.valid_from LIMIT 1) AS u
ORDER BY i.instrument_id;
