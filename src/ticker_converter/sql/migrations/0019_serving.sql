-- What the API serves beside the data: sessions of the page, what is left of the providers' quotas, and whether an answer
-- that depends on the watch list is still the answer.

---------------------------------------------------------------------------------------------------------------
-- The page's sessions
---------------------------------------------------------------------------------------------------------------

CREATE TABLE access.session (
    sha256 bytea PRIMARY KEY CHECK (octet_length(sha256) = 32),
    user_id integer NOT NULL REFERENCES access.users,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX session_expires ON access.session (expires_at);
COMMENT ON TABLE access.session IS 'A browser that is signed in, by a cookie of 256 random bits.';
COMMENT ON COLUMN access.session.ended_at IS 'Signed out.';
GRANT SELECT, INSERT, DELETE ON access.session TO ticker_web;
GRANT UPDATE (ended_at) ON access.session TO ticker_web;

---------------------------------------------------------------------------------------------------------------
-- What is left of the quotas: the ledger's limits are the providers' own words, which only the worker knows
---------------------------------------------------------------------------------------------------------------

CREATE TABLE ops.quota (
    provider text COLLATE "C" PRIMARY KEY,
    standing jsonb NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ops.quota IS 'What `status` says of each provider that is asked, as the worker last noted it.';
GRANT SELECT ON ops.quota TO ticker_web;

CREATE INDEX request_over ON ops.request (finished_at) WHERE finished_at IS NOT NULL;

---------------------------------------------------------------------------------------------------------------
-- The watch list's own version
---------------------------------------------------------------------------------------------------------------

CREATE INDEX dim_date_admitted ON warehouse.dim_date (mic, session) WHERE admitted;
-- Counts, not greatest ids: of two that commit out of order the later would hide the earlier.
CREATE VIEW mart.list_state AS
SELECT (SELECT count(*) FROM landing.list_change) AS changes,
    (SELECT count(*) FROM warehouse.dim_date WHERE admitted) AS admitted;
COMMENT ON VIEW mart.list_state IS
    'What changes the answers about the watch list without a publish: its changes, and sessions admitted by hand.';
GRANT SELECT ON mart.list_state TO ticker_reader, ticker_web;
