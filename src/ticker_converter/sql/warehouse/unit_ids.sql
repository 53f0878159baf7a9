-- Every price unit's id.
-- params: none
-- returns: unit, unit_id
SELECT unit, unit_id FROM warehouse.dim_price_unit
