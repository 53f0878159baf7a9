-- What the newest start of a process found its settings to be.
-- params: subject
-- returns: detail
SELECT e.detail FROM audit.event AS e
WHERE e.act = 'settings' AND e.subject = %(subject)s
ORDER BY e.event_id DESC LIMIT 1
