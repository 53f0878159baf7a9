-- Every event as the texts that its hash is made of, in order of number. Indexes are not believed: a row that only an
-- index hides would be found.
-- params: none
-- returns: event_id, the parts as text[], previous, sha256
SELECT e.event_id, ARRAY[
        e.event_id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.actor, e.role, e.act,
        e.subject, e.detail::text, encode(e.before_sha256, 'hex'), encode(e.after_sha256, 'hex'), e.origin,
        e.request_id, encode(e.previous, 'hex')
    ], e.previous, e.sha256
FROM audit.event AS e
ORDER BY e.event_id
