-- Take back the actions that runs now taken back had brought and that still stand.
-- params: load_id, known_from
-- returns: none
WITH leaving AS (
    SELECT f.* FROM landing.dead_load AS d JOIN warehouse.fact_corporate_action AS f USING (load_id)
),
kept AS (
    INSERT INTO warehouse.fact_corporate_action_revision SELECT l.*, %(known_from)s, %(load_id)s FROM leaving AS l
)
DELETE FROM warehouse.fact_corporate_action AS f
USING leaving AS l
WHERE (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date)
    = (l.instrument_id, l.source_id, l.kind, l.ex_date, l.type, l.pay_date)
