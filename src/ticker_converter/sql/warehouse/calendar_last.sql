-- The last stored session of an exchange.
-- params: mic
-- returns: session
SELECT max(session) FROM warehouse.dim_date WHERE mic = %(mic)s AND NOT admitted
