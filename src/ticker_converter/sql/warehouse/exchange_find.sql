-- Whether an exchange has this market identifier code.
-- params: mic
-- returns: mic
SELECT mic FROM warehouse.dim_exchange WHERE mic = %(mic)s
