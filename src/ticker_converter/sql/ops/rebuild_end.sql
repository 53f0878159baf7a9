-- Let the recorded ids go, give decisions the time at which they were made, and move the data's version past what readers
-- have seen.
-- params: none
-- returns: none
DROP TRIGGER rebuild ON landing.load;
DROP TRIGGER rebuild ON warehouse.dim_instrument;
DROP TRIGGER rebuild_symbols ON warehouse.dim_instrument;
DROP TRIGGER rebuild ON landing.quarantine;
DROP TRIGGER rebuild ON landing.finding;
DROP FUNCTION pg_temp.recorded_load();
DROP FUNCTION pg_temp.recorded_instrument();
DROP FUNCTION pg_temp.recorded_symbols();
DROP FUNCTION pg_temp.recorded_quarantine();
DROP FUNCTION pg_temp.recorded_finding();
UPDATE landing.quarantine AS q
SET decided_at = k.decided_at
FROM pg_temp.kept_quarantine AS k
WHERE k.row_key = q.row_key AND k.state = q.state AND q.decided_at IS NOT NULL;
UPDATE landing.delivery AS d
SET state = k.state, parser_version = k.parser_version, message = k.message
FROM pg_temp.kept_delivery AS k
WHERE k.delivery_id = d.delivery_id;
UPDATE warehouse.state AS s
SET version = greatest(s.version, k.version) + 1, published_at = greatest(s.published_at, k.published_at)
FROM pg_temp.kept_state AS k
