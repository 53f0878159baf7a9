-- How many rows got each verdict.
-- params: none
-- returns: verdict, rows
SELECT verdict, count(*) FROM pg_temp.verdict GROUP BY verdict
