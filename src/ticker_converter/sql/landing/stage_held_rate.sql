-- Stage quarantined rates again.
-- params: ids, factor
-- returns: none
INSERT INTO pg_temp.stage_rate (row_no, source_id, base, quote, rate_date, rate)
SELECT q.quarantine_id, q.source_id, q.content ->> 'base', q.content ->> 'quote', q.day,
    (q.content ->> 'rate')::numeric * %(factor)s
FROM landing.quarantine AS q
WHERE q.quarantine_id = ANY (%(ids)s)
