-- What a reader may know of the ledger: whether this release can serve from this database.

CREATE VIEW mart.migration AS SELECT number, name, applied_at FROM ops.migration;
COMMENT ON VIEW mart.migration IS 'Applied migrations, for /health/ready.';

GRANT SELECT ON mart.migration TO ticker_reader, ticker_web;
