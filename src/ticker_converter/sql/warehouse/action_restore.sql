-- Put an action back as it stood.
-- params: instrument_id, source_id, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis, load_id, known_from
-- returns: none
INSERT INTO warehouse.fact_corporate_action (
    instrument_id, source_id, kind, ex_date, type, pay_date, new, old, amount, unit_id, basis, load_id, known_from
)
VALUES (
    %(instrument_id)s, %(source_id)s, %(kind)s, %(ex_date)s, %(type)s, %(pay_date)s, %(new)s, %(old)s, %(amount)s,
    %(unit_id)s, %(basis)s, %(load_id)s, %(known_from)s
)
