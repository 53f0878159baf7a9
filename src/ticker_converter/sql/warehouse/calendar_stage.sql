-- A place for one exchange's sessions on their way into dim_date.
-- params: none
-- returns: none
CREATE TEMP TABLE stage_session (session date, closes_at timestamptz) ON COMMIT DROP
