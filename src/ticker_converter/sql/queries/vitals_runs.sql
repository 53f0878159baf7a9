-- How the runs of the last day ended.
-- params: none
-- returns: state, runs
SELECT state, count(*) FROM mart.run WHERE started_at > clock_timestamp() - interval '1 day' GROUP BY state ORDER BY state
