-- Store the new and the changed actions.
-- params: source_id, load_id, known_from
-- returns: none
INSERT INTO warehouse.fact_corporate_action (
    instrument_id, source_id, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis, load_id, known_from
)
SELECT s.instrument_id, %(source_id)s, s.kind, s.ex_date, s.type, s.pay_date, s.new, s.old, s.amount, s.unit_id,
    s.basis, %(load_id)s, %(known_from)s
FROM pg_temp.verdict AS v
JOIN pg_temp.stage_action AS s USING (row_no)
WHERE v.verdict <> 'late'
