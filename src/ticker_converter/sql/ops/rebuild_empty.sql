-- Empty what a rebuild makes anew: facts, revisions, what was held and noted, and the list. What was landed stays, and
-- counts as loaded when its turn comes. Each load, instrument, held row and finding that is made again gets the id and
-- the times that are recorded of it.
-- params: none
-- returns: none
TRUNCATE landing.quarantine, landing.finding, landing.load, warehouse.fact_price, warehouse.fact_price_revision,
    warehouse.fact_price_outranked, warehouse.fact_fx_rate, warehouse.fact_fx_rate_revision,
    warehouse.fact_corporate_action, warehouse.fact_corporate_action_revision, warehouse.coverage,
    warehouse.instrument_symbol, warehouse.instrument_unit, warehouse.provider_order, warehouse.dim_instrument;
DELETE FROM warehouse.dim_date WHERE admitted;
UPDATE landing.delivery SET state = 'landed' WHERE state IN ('loaded', 'nothing');
UPDATE landing.run SET undone_by = NULL WHERE undone_by IS NOT NULL;
UPDATE warehouse.state SET published_at = '-infinity', version = 0;

CREATE FUNCTION pg_temp.recorded_load() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known pg_temp.kept_load;
BEGIN
    SELECT k.* INTO known
    FROM pg_temp.kept_load AS k
    WHERE k.run_id = NEW.run_id AND k.kind = NEW.kind AND k.delivery_id IS NOT DISTINCT FROM NEW.delivery_id
        AND NOT EXISTS (SELECT FROM landing.load AS l WHERE l.load_id = k.load_id)
    ORDER BY k.load_id LIMIT 1;
    IF FOUND THEN
        NEW.load_id := known.load_id;
        NEW.known_from := known.known_from;
        NEW.recorded_at := known.recorded_at;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION pg_temp.recorded_instrument() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known pg_temp.kept_instrument;
BEGIN
    SELECT k.* INTO known
    FROM pg_temp.kept_instrument AS k
    WHERE (k.symbol = NEW.symbol OR EXISTS (  -- it was renamed since
            SELECT FROM pg_temp.kept_symbol AS s
            WHERE s.instrument_id = k.instrument_id AND s.provider = 'files' AND s.symbol = NEW.symbol))
        AND NOT EXISTS (SELECT FROM warehouse.dim_instrument AS i WHERE i.instrument_id = k.instrument_id)
    ORDER BY k.instrument_id LIMIT 1;
    IF FOUND THEN
        NEW.instrument_id := known.instrument_id;
        NEW.added_at := known.added_at;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION pg_temp.recorded_symbols() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO warehouse.instrument_symbol
    SELECT k.* FROM pg_temp.kept_symbol AS k WHERE k.instrument_id = NEW.instrument_id;
    RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.recorded_quarantine() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known integer := (  -- the key of a row whose run was taken back has its id behind it
        SELECT k.quarantine_id FROM pg_temp.kept_quarantine AS k
        WHERE split_part(k.row_key, ':', 1) = NEW.row_key AND NOT EXISTS (
            SELECT FROM landing.quarantine AS q WHERE q.quarantine_id = k.quarantine_id)
        ORDER BY k.quarantine_id LIMIT 1);
BEGIN
    NEW.quarantine_id := coalesce(known, NEW.quarantine_id);
    RETURN NEW;
END $$;
CREATE FUNCTION pg_temp.recorded_finding() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    known integer := (
        SELECT k.finding_id FROM pg_temp.kept_finding AS k
        WHERE k.rule = NEW.rule AND k.subject = NEW.subject AND k.day IS NOT DISTINCT FROM NEW.day);
BEGIN
    NEW.finding_id := coalesce(known, NEW.finding_id);
    RETURN NEW;
END $$;
CREATE TRIGGER rebuild BEFORE INSERT ON landing.load FOR EACH ROW EXECUTE FUNCTION pg_temp.recorded_load();
CREATE TRIGGER rebuild BEFORE INSERT ON warehouse.dim_instrument
    FOR EACH ROW EXECUTE FUNCTION pg_temp.recorded_instrument();
CREATE TRIGGER rebuild_symbols AFTER INSERT ON warehouse.dim_instrument
    FOR EACH ROW EXECUTE FUNCTION pg_temp.recorded_symbols();
CREATE TRIGGER rebuild BEFORE INSERT ON landing.quarantine
    FOR EACH ROW EXECUTE FUNCTION pg_temp.recorded_quarantine();
CREATE TRIGGER rebuild BEFORE INSERT ON landing.finding FOR EACH ROW EXECUTE FUNCTION pg_temp.recorded_finding()
