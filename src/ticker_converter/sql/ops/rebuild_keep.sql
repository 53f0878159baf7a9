-- Put aside all that a rebuild makes anew, to compare it and to give what is recorded its own ids and times again.
-- params: none
-- returns: none
CREATE TEMP TABLE kept_load ON COMMIT DROP AS TABLE landing.load;
CREATE TEMP TABLE kept_quarantine ON COMMIT DROP AS TABLE landing.quarantine;
CREATE TEMP TABLE kept_finding ON COMMIT DROP AS TABLE landing.finding;
CREATE TEMP TABLE kept_price ON COMMIT DROP AS TABLE warehouse.fact_price;
CREATE TEMP TABLE kept_price_revision ON COMMIT DROP AS TABLE warehouse.fact_price_revision;
CREATE TEMP TABLE kept_price_outranked ON COMMIT DROP AS TABLE warehouse.fact_price_outranked;
CREATE TEMP TABLE kept_rate ON COMMIT DROP AS TABLE warehouse.fact_fx_rate;
CREATE TEMP TABLE kept_rate_revision ON COMMIT DROP AS TABLE warehouse.fact_fx_rate_revision;
CREATE TEMP TABLE kept_action ON COMMIT DROP AS TABLE warehouse.fact_corporate_action;
CREATE TEMP TABLE kept_action_revision ON COMMIT DROP AS TABLE warehouse.fact_corporate_action_revision;
CREATE TEMP TABLE kept_coverage ON COMMIT DROP AS TABLE warehouse.coverage;
CREATE TEMP TABLE kept_instrument ON COMMIT DROP AS TABLE warehouse.dim_instrument;
CREATE TEMP TABLE kept_unit ON COMMIT DROP AS TABLE warehouse.instrument_unit;
CREATE TEMP TABLE kept_order ON COMMIT DROP AS TABLE warehouse.provider_order;
CREATE TEMP TABLE kept_session ON COMMIT DROP AS TABLE warehouse.dim_date;
CREATE TEMP TABLE kept_symbol ON COMMIT DROP AS TABLE warehouse.instrument_symbol;
CREATE TEMP TABLE kept_state ON COMMIT DROP AS TABLE warehouse.state;
CREATE TEMP TABLE kept_undone ON COMMIT DROP AS
    SELECT run_id, undone_by FROM landing.run WHERE undone_by IS NOT NULL;
CREATE TEMP TABLE kept_delivery ON COMMIT DROP AS
    SELECT delivery_id, state, parser_version, message FROM landing.delivery WHERE state IN ('loaded', 'nothing');
CREATE INDEX ON kept_load (run_id, load_id);
CREATE INDEX ON kept_quarantine (split_part(row_key, ':', 1));
CREATE INDEX ON kept_quarantine (row_key);
CREATE INDEX ON kept_finding (rule, subject);
ANALYZE kept_load;
ANALYZE kept_quarantine;
