-- Drop what runs now taken back had said without being heard: another provider's word stood. Whether any of that, or of a
-- run taken back before, may have hidden what others had said.
-- params: none
-- returns: traceless
WITH dropped AS (
    DELETE FROM warehouse.fact_price_outranked AS o
    USING landing.dead_load AS d
    WHERE d.load_id = o.load_id
    RETURNING 1
)
SELECT EXISTS (SELECT FROM dropped) OR (SELECT count(*) > 1 FROM landing.run WHERE undone_by IS NOT NULL)
