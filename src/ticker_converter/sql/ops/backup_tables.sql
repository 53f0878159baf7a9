-- Every table of this project: its columns (without generated ones) in their order, and the tables it refers to.
-- params: none
-- returns: schema, table, columns, refers_to
SELECT
    n.nspname,
    c.relname,
    (
        SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ),
    ARRAY(
        SELECT DISTINCT other.relnamespace::regnamespace::text || '.' || other.relname
        FROM pg_constraint AS f
        JOIN pg_class AS other ON other.oid = f.confrelid
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
        ORDER BY 1
    )
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('landing', 'warehouse', 'mart', 'access', 'ops', 'audit') AND c.relkind = 'r'
ORDER BY n.nspname, c.relname
