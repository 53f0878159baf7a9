-- The last value of every sequence of this project that was used.
-- params: none
-- returns: sequence, last_value
SELECT quote_ident(schemaname) || '.' || quote_ident(sequencename), last_value
FROM pg_sequences
WHERE schemaname IN ('landing', 'warehouse', 'mart', 'access', 'ops', 'audit') AND last_value IS NOT NULL
ORDER BY 1
