-- Tables of this project with their number of rows, as the server last counted, and their size with indexes.
-- params: none
-- returns: table, rows, bytes
SELECT schemaname || '.' || relname, n_live_tup, pg_total_relation_size(relid)
FROM pg_stat_user_tables
WHERE schemaname IN ('landing', 'warehouse', 'mart', 'access', 'ops', 'audit')
ORDER BY 3 DESC, 1
