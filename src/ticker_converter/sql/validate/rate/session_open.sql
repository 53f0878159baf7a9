-- Rates of a day that was not over, by the source's own clock, when the payload was fetched: not yet final.
-- params: fetched_at
-- returns: row_no, evidence
SELECT s.row_no, jsonb_build_object(
    'final_at', (s.rate_date + c.final_at) AT TIME ZONE c.time_zone, 'fetched_at', %(fetched_at)s::timestamptz)
FROM pg_temp.stage_rate AS s
JOIN warehouse.dim_source AS c USING (source_id)
WHERE (s.rate_date + c.final_at) AT TIME ZONE c.time_zone > %(fetched_at)s::timestamptz
