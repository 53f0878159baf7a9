-- The state of the data and the size of its database.
-- params: none
-- returns: version, published (seconds since 1970; 0: never), size (bytes), findings
SELECT version, CASE WHEN isfinite(published_at) THEN extract(epoch FROM published_at)::float8 ELSE 0 END,
    pg_database_size(current_database()), (SELECT count(*) FROM mart.finding)
FROM mart.state
