-- Who may ask the API for what (schema access), and what it asks the worker to do (schema ops).

---------------------------------------------------------------------------------------------------------------
-- Users, keys, tokens, log-in windows
---------------------------------------------------------------------------------------------------------------

CREATE TABLE access.users (
    user_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$'),
    password text NOT NULL CHECK (password LIKE '$argon2id$%'),
    scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'operate', 'admin']),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    tokens_from timestamptz NOT NULL DEFAULT date_trunc('second', clock_timestamp()),
    disabled_at timestamptz
);
COMMENT ON COLUMN access.users.tokens_from IS 'Tokens issued before are refused: the password was set again.';
COMMENT ON COLUMN access.users.scopes IS 'No scope holds another: an administrator has all three.';

CREATE TABLE access.api_key (
    key_id text COLLATE "C" PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{12}$'),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    name text,
    user_id integer REFERENCES access.users,
    scopes text[] NOT NULL CHECK (scopes <@ ARRAY['read', 'operate', 'admin']),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz
);
COMMENT ON COLUMN access.api_key.sha256 IS 'Of 256 random bits: nothing to guess, so a slow hash would only cost time.';
COMMENT ON COLUMN access.api_key.user_id IS 'Whose it is, where it is one person''s: a disabled user''s keys are refused.';
COMMENT ON COLUMN access.api_key.last_used_at IS 'Written at most once a minute.';

CREATE TABLE access.refresh_family (
    family_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id integer NOT NULL REFERENCES access.users,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz
);
CREATE INDEX refresh_family_user ON access.refresh_family (user_id);
COMMENT ON TABLE access.refresh_family IS 'All refresh tokens that descend from one log-in; a token used twice revokes it.';

CREATE TABLE access.refresh_token (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    family_id bigint NOT NULL REFERENCES access.refresh_family ON DELETE CASCADE,
    issued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX refresh_token_family ON access.refresh_token (family_id);

CREATE TABLE access.login_window (
    subject text COLLATE "C" PRIMARY KEY,
    attempts integer NOT NULL,
    ends_at timestamptz NOT NULL
);
COMMENT ON TABLE access.login_window IS
    'Attempts to log in since a window began: of an account, of an address, of an account from an address.';
COMMENT ON COLUMN access.login_window.subject IS 'A digest: what was typed as a name may be a password.';

---------------------------------------------------------------------------------------------------------------
-- What is asked of the worker. The API inserts and reads; only the worker (the pipeline's role) changes a row.
---------------------------------------------------------------------------------------------------------------

CREATE SCHEMA IF NOT EXISTS ops;  -- the ledger of migrations is in it
COMMENT ON SCHEMA ops IS 'The ledger of migrations; what the API asks the worker to do, and how it went.';

CREATE TABLE ops.request (
    request_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    act text NOT NULL CHECK (act IN ('sync', 'add', 'answer', 'correct', 'cancel')),
    arguments jsonb NOT NULL,
    author text NOT NULL,
    idempotency_key text CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'done', 'partly', 'failed', 'cancelled')),
    cancel_asked_at timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    worker text,
    lease_until timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    run_id integer,
    progress text,
    result json,
    error text,
    message text,
    UNIQUE (author, idempotency_key)
);
CREATE INDEX request_open ON ops.request (asked_at) WHERE state IN ('queued', 'running');
COMMENT ON COLUMN ops.request.author IS 'Who asked: a user''s name, or `key` and its id.';
COMMENT ON COLUMN ops.request.lease_until IS 'The worker renews it; past it another worker takes over.';
COMMENT ON COLUMN ops.request.result IS 'json and not jsonb: fields stay in the order in which they are promised.';
COMMENT ON COLUMN ops.request.error IS 'The class of the error, of errors.py.';

-- Cancelling is a request like any other, so that the API needs no right but INSERT. What waits is cancelled at once,
-- whether a worker runs or not; what runs is told.
CREATE FUNCTION ops.request_asked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
REVOKE ALL ON FUNCTION ops.request_asked() FROM PUBLIC;
CREATE TRIGGER request_asked AFTER INSERT ON ops.request FOR EACH ROW EXECUTE FUNCTION ops.request_asked();

---------------------------------------------------------------------------------------------------------------
-- Rights: the web role makes no user and no key, and changes nothing of a request once it is made
---------------------------------------------------------------------------------------------------------------

REVOKE ALL ON SCHEMA ops FROM PUBLIC;
GRANT USAGE ON SCHEMA ops TO ticker_web;
GRANT SELECT ON ops.request TO ticker_web;
GRANT INSERT (act, arguments, author, idempotency_key) ON ops.request TO ticker_web;
GRANT SELECT ON access.users, access.api_key TO ticker_web;
GRANT UPDATE (password) ON access.users TO ticker_web;
GRANT UPDATE (last_used_at) ON access.api_key TO ticker_web;
GRANT SELECT, INSERT ON access.refresh_family, access.refresh_token TO ticker_web;
GRANT UPDATE (revoked_at) ON access.refresh_family TO ticker_web;
GRANT UPDATE (used_at) ON access.refresh_token TO ticker_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON access.login_window TO ticker_web;

DO $reads$
BEGIN
    -- A server that logs in as the web role reads the data as the reader.
    GRANT ticker_reader TO ticker_web;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;  -- the server's own init says who reads as whom
END
$reads$;
