-- The id of a publisher.
-- params: source
-- returns: source_id
SELECT source_id FROM warehouse.dim_source WHERE source = %(source)s
