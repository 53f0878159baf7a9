-- Today by the database's clock, the last publish and the data's version.
-- params: none
-- returns: today, published_at, version
SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date, nullif(published_at, '-infinity'), version FROM mart.state
