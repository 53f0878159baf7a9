-- Every currency is a price unit of its own.
-- params: none
-- returns: none
INSERT INTO warehouse.dim_price_unit (unit, currency, per)
SELECT c.code, c.code, 1 FROM warehouse.dim_currency AS c
WHERE NOT EXISTS (SELECT FROM warehouse.dim_price_unit AS u WHERE u.unit = c.code)
ORDER BY c.code
