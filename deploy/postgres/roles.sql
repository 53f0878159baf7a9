-- Roles, databases and the replica's slot; run at every start by `roles`, as the superuser over the socket. Passwords are
-- read from files, so that a new file and `docker exec db roles` change one; nothing of this is logged.
\set ON_ERROR_STOP on
\set QUIET on
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = 'panic';

SELECT format('CREATE ROLE %I', name) FROM unnest(ARRAY[
    'ticker_user', 'ticker_migrate', 'ticker_web', 'ticker_reader', 'ticker_monitor', 'ticker_replica', 'airflow_user'
]) AS name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

\set password `cat /run/secrets/DB_PASSWORD`
ALTER ROLE ticker_user LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'password';
\set password `cat /run/secrets/DB_MIGRATE_PASSWORD`
ALTER ROLE ticker_migrate LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'password';
\set password `cat /run/secrets/DB_WEB_PASSWORD`
ALTER ROLE ticker_web LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'password';
\set password `cat /run/secrets/DB_READ_PASSWORD`
ALTER ROLE ticker_reader LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'password';
\set password `cat /run/secrets/DB_MONITOR_PASSWORD`
ALTER ROLE ticker_monitor LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB CONNECTION LIMIT 8 PASSWORD :'password';
\set password `cat /run/secrets/DB_REPLICA_PASSWORD`
ALTER ROLE ticker_replica LOGIN REPLICATION NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'password';
\set password `cat /run/secrets/AIRFLOW_DB_PASSWORD`
ALTER ROLE airflow_user LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB PASSWORD :'password';
\unset password

-- The pipeline reads as the reader and checks as the web role; the web role reads as the reader. ticker_migrate makes
-- everything as the owner, so that it never owns anything itself.
GRANT ticker_reader TO ticker_web, ticker_user, ticker_monitor;
GRANT ticker_web TO ticker_user;
GRANT ticker_user TO ticker_migrate;
ALTER ROLE ticker_migrate SET role TO ticker_user;
GRANT pg_monitor TO ticker_monitor;
ALTER ROLE ticker_reader SET default_transaction_read_only TO on;
ALTER ROLE ticker_monitor SET default_transaction_read_only TO on;
ALTER ROLE ticker_monitor SET statement_timeout TO '10s';

SELECT format('CREATE DATABASE %I OWNER %I ENCODING ''UTF8'' TEMPLATE template0', name, owner)
FROM (VALUES ('ticker_converter', 'ticker_user'), ('airflow', 'airflow_user')) AS wanted (name, owner)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
REVOKE ALL ON DATABASE ticker_converter, airflow, postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE ticker_converter TO ticker_web, ticker_reader, ticker_monitor, ticker_migrate;
GRANT CONNECT ON DATABASE postgres TO ticker_monitor;

SELECT pg_create_physical_replication_slot('replica')
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'replica') \g /dev/null
\connect ticker_converter
-- In a schema of its own: the migrations close `public`.
CREATE SCHEMA IF NOT EXISTS monitor;
GRANT USAGE ON SCHEMA monitor TO ticker_monitor;
CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA monitor;
