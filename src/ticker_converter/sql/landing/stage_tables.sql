-- Make this connection's staging tables; each transaction starts with them empty.
-- params: none
-- returns: none
CREATE TEMP TABLE IF NOT EXISTS stage_price (
    row_no bigint NOT NULL,
    instrument_id integer,
    session date,
    unit_id smallint,
    basis "char" NOT NULL,
    open numeric,
    high numeric,
    low numeric,
    close numeric,
    volume numeric,
    detail jsonb,
    suspect boolean NOT NULL DEFAULT true
) ON COMMIT DELETE ROWS;
CREATE OR REPLACE TEMP VIEW suspect_price AS  -- what the rules about one row read; the others are proven to offend none
SELECT * FROM pg_temp.stage_price WHERE suspect;
CREATE TEMP TABLE IF NOT EXISTS stage_rate (
    row_no bigint NOT NULL,
    source_id smallint NOT NULL,
    base text COLLATE "C",
    quote text COLLATE "C",
    rate_date date,
    rate numeric,
    detail jsonb
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS stage_action (
    row_no bigint NOT NULL,
    instrument_id integer,
    kind text,
    ex_date date,
    type text NOT NULL DEFAULT '',
    pay_date date NOT NULL DEFAULT 'infinity',
    new numeric,
    old numeric,
    amount numeric,
    unit_id smallint,
    basis "char" NOT NULL,
    detail jsonb
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS offence (
    row_no bigint NOT NULL,
    place smallint NOT NULL,
    reason text NOT NULL,
    evidence jsonb NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS held (
    row_no bigint PRIMARY KEY,
    reason text NOT NULL,
    evidence jsonb NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS verdict (
    row_no bigint NOT NULL,
    verdict text NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS walked (
    row_no bigint,
    instrument_id integer NOT NULL,
    session date NOT NULL,
    quarantine_id integer,
    held boolean NOT NULL,
    evidence jsonb
) ON COMMIT DELETE ROWS;
