-- The sessions of one exchange that its calendar knows.
-- params: mic
-- returns: session
SELECT session FROM warehouse.dim_date WHERE mic = %(mic)s ORDER BY session
