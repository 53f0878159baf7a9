-- The statement that makes a database beside this one; no row when it is there.
-- params: name
-- returns: statement
SELECT format('CREATE DATABASE %%I', %(name)s::text) AS statement
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = %(name)s::text)
