-- One event that no trigger sees: a refused log-in, settings at a start, a deploy.
-- params: act, subject, detail, actor
-- returns: none
SELECT audit.note(%(act)s, %(subject)s, %(detail)s, actor => %(actor)s)
