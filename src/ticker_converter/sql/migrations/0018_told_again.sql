-- Whose word a row is, also where a later load put it back or held it back: taking a run back tells what remains again.

ALTER TABLE landing.load ADD COLUMN origin integer;
COMMENT ON COLUMN landing.load.origin IS 'The load whose word this one only puts back.';

ALTER TABLE landing.quarantine ADD COLUMN origin integer;
COMMENT ON COLUMN landing.quarantine.origin IS 'The load that had brought the row, where a later one held it back.';
UPDATE landing.quarantine AS q
SET origin = r.load_id
FROM warehouse.fact_price_revision AS r
WHERE q.kind = 'price' AND r.instrument_id = q.instrument_id AND r.session = q.day AND r.source_id = q.source_id
    AND r.closed_by = q.load_id;

DROP FUNCTION landing.held_for_dead(integer, text, integer, date, smallint);
DROP FUNCTION warehouse.actions_that_stand_again(integer);
