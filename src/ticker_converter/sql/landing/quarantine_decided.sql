-- A person's answer to held rows.
-- params: ids, state, factor, author, reason
-- returns: none
UPDATE landing.quarantine
SET state = %(state)s, factor = %(factor)s, decided_at = clock_timestamp(), decided_by = %(author)s,
    decision_reason = %(reason)s
WHERE quarantine_id = ANY (%(ids)s)
