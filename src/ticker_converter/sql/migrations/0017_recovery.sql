-- Backups and the drills that prove them: what is kept where, and how long the last recovery took.

CREATE TABLE ops.backup (
    backup_id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('full', 'diff', 'incr')),
    location text NOT NULL,
    bytes bigint NOT NULL,
    sha256 text,
    snapshot_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    migration integer NOT NULL,
    encrypted boolean NOT NULL,
    pruned_at timestamptz
);
COMMENT ON COLUMN ops.backup.snapshot_at IS 'The instant of which the backup is: what came later is not in it.';

CREATE TABLE ops.drill (
    drill_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    backup_id text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    passed boolean NOT NULL,
    recovery_seconds numeric NOT NULL,
    loss_seconds numeric NOT NULL,
    tables integer NOT NULL,
    rows bigint NOT NULL,
    questions integer NOT NULL,
    differences jsonb NOT NULL DEFAULT '[]'
);
COMMENT ON COLUMN ops.drill.loss_seconds IS 'What would have been lost at the start of the drill: the age of the backup.';

CREATE VIEW mart.backup AS
SELECT backup_id, kind, bytes, snapshot_at, finished_at, migration, encrypted, pruned_at FROM ops.backup;
CREATE VIEW mart.drill AS
SELECT drill_id, backup_id, started_at, finished_at, passed, recovery_seconds, loss_seconds, tables, rows, questions,
    differences
FROM ops.drill;
GRANT SELECT ON mart.backup, mart.drill TO ticker_reader, ticker_web;
