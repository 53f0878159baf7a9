-- Which load ended a held row: when its run is taken back, the row waits again.

ALTER TABLE landing.quarantine ADD COLUMN closed_by integer;
COMMENT ON COLUMN landing.quarantine.closed_by IS 'The load whose row superseded this one.';
