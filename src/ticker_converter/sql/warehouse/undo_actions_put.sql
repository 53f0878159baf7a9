-- Put actions back as they stood. `origins` and `loads`: from load_again.
-- params: load_id, known_from, origins, loads
-- returns: none
INSERT INTO warehouse.fact_corporate_action (
    instrument_id, source_id, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis, load_id, known_from
)
SELECT r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date, r.new, r.old, r.amount, r.unit_id, r.basis,
    a.load_id, %(known_from)s
FROM warehouse.actions_that_stand_again(%(load_id)s) AS r
JOIN unnest(%(origins)s::integer[], %(loads)s::integer[]) AS a (origin, load_id) ON a.origin = r.load_id
