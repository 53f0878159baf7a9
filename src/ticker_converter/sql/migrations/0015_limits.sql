-- What callers of the API have used of their limit while Redis is away or not configured.

CREATE UNLOGGED TABLE access.limit_window (
    subject bytea PRIMARY KEY,
    taken bigint NOT NULL,
    ends_at timestamptz NOT NULL
);
COMMENT ON TABLE access.limit_window IS
    'Requests leased to the API''s workers since a caller''s window began. Unlogged: a crash begins the windows anew.';
COMMENT ON COLUMN access.limit_window.subject IS 'A digest of the key, user or address, the limit and the window.';

GRANT SELECT, INSERT, UPDATE, DELETE ON access.limit_window TO ticker_web;
