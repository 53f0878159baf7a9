-- What is put aside while a run is taken back, for this transaction: whose word goes (again_load), of which instruments and
-- days of rates everything is told again from which load on, and all that stands and stood of them since.
-- params: none
-- returns: none
DROP TABLE IF EXISTS pg_temp.again_load, pg_temp.again_instrument, pg_temp.again_day, pg_temp.again_price,
    pg_temp.again_price_revision, pg_temp.again_price_outranked, pg_temp.again_rate, pg_temp.again_rate_revision,
    pg_temp.again_action, pg_temp.again_action_revision, pg_temp.again_held, pg_temp.again_new_price,
    pg_temp.again_new_rate, pg_temp.again_new_action;
CREATE TEMP TABLE again_load (load_id integer PRIMARY KEY) ON COMMIT DROP;
CREATE TEMP TABLE again_instrument (instrument_id integer PRIMARY KEY, start integer NOT NULL) ON COMMIT DROP;
CREATE TEMP TABLE again_day (
    source_id smallint, rate_date date, start integer NOT NULL, PRIMARY KEY (source_id, rate_date)
) ON COMMIT DROP;
CREATE TEMP TABLE again_price (LIKE warehouse.fact_price) ON COMMIT DROP;
CREATE TEMP TABLE again_price_revision (LIKE warehouse.fact_price_revision) ON COMMIT DROP;
CREATE TEMP TABLE again_price_outranked (LIKE warehouse.fact_price_outranked) ON COMMIT DROP;
CREATE TEMP TABLE again_rate (LIKE warehouse.fact_fx_rate) ON COMMIT DROP;
CREATE TEMP TABLE again_rate_revision (LIKE warehouse.fact_fx_rate_revision) ON COMMIT DROP;
CREATE TEMP TABLE again_action (LIKE warehouse.fact_corporate_action) ON COMMIT DROP;
CREATE TEMP TABLE again_action_revision (LIKE warehouse.fact_corporate_action_revision) ON COMMIT DROP;
CREATE TEMP TABLE again_held (LIKE landing.quarantine) ON COMMIT DROP;
CREATE TEMP TABLE again_new_price (
    instrument_id integer, session date, load_id integer NOT NULL, PRIMARY KEY (instrument_id, session)
) ON COMMIT DROP;
CREATE TEMP TABLE again_new_rate (
    source_id smallint, base text COLLATE "C", quote text COLLATE "C", rate_date date, load_id integer NOT NULL,
    PRIMARY KEY (source_id, base, quote, rate_date)
) ON COMMIT DROP;
CREATE TEMP TABLE again_new_action (
    instrument_id integer, source_id smallint, kind text, ex_date date, type text, pay_date date, load_id integer NOT NULL,
    PRIMARY KEY (instrument_id, source_id, kind, ex_date, type, pay_date)
) ON COMMIT DROP
