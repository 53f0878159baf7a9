-- One price unit below its currency (GBX: 100 per GBP).
-- params: unit, currency, per
-- returns: none
INSERT INTO warehouse.dim_price_unit (unit, currency, per) VALUES (%(unit)s, %(currency)s, %(per)s::integer)
ON CONFLICT (unit) DO NOTHING
