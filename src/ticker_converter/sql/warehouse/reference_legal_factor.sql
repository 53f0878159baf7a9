-- One legal factor: from `effective` on, one new is `factor` old.
-- params: old, new, factor, effective, kind, source
-- returns: none
INSERT INTO warehouse.legal_factor AS l (old, new, factor, effective, kind, source)
VALUES (%(old)s, %(new)s, %(factor)s::numeric, %(effective)s::date, %(kind)s, %(source)s)
ON CONFLICT (old) DO UPDATE
SET new = excluded.new, factor = excluded.factor, effective = excluded.effective, kind = excluded.kind,
    source = excluded.source
