-- Events, oldest first, with the names that actors have now.
-- params: after, act, actor, request_id, since, until, number
-- returns: id, at, actor, name, role, act, subject, detail, origin, request_id, before_sha256, after_sha256, sha256
SELECT e.event_id AS id, e.at, e.actor, u.name, e.role, e.act, e.subject, e.detail, e.origin, e.request_id,
    encode(e.before_sha256, 'hex') AS before_sha256, encode(e.after_sha256, 'hex') AS after_sha256,
    encode(e.sha256, 'hex') AS sha256
FROM audit.event AS e
LEFT JOIN access.users AS u ON e.actor = 'user:' || u.user_id
WHERE e.event_id > %(after)s
    AND (%(act)s::text IS NULL OR e.act = %(act)s OR starts_with(e.act, %(act)s || '.'))
    AND (%(actor)s::text IS NULL OR %(actor)s IN (e.actor, u.name))
    AND (%(request_id)s::text IS NULL OR e.request_id = %(request_id)s)
    AND (%(since)s::timestamptz IS NULL OR e.at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR e.at < %(until)s)
ORDER BY e.event_id
LIMIT %(number)s
