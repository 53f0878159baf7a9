-- A place for one exchange's sessions on their way into dim_date, empty.
-- params: none
-- returns: none
CREATE TEMP TABLE IF NOT EXISTS stage_session (session date, closes_at timestamptz) ON COMMIT DROP;
TRUNCATE pg_temp.stage_session
