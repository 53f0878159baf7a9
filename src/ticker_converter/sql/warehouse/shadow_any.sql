-- Whether a provider is a shadow of any instrument.
-- params: source_id
-- returns: any
SELECT EXISTS (
    SELECT FROM warehouse.dim_instrument AS i
    JOIN warehouse.dim_source AS c ON c.source = ANY (i.shadows)
    WHERE c.source_id = %(source_id)s)
