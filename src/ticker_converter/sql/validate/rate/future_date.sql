-- Rates of a day that had not begun in the source's time zone when the payload was fetched.
-- params: fetched_at
-- returns: row_no, evidence
SELECT s.row_no, jsonb_build_object('date', s.rate_date, 'fetched_at', %(fetched_at)s::timestamptz)
FROM pg_temp.stage_rate AS s
JOIN warehouse.dim_source AS c USING (source_id)
WHERE s.rate_date > (%(fetched_at)s::timestamptz AT TIME ZONE c.time_zone)::date
