-- Give back the attempt that was none: the password was right. The account's own window from this address is over.
-- params: subjects, own
-- returns: none
UPDATE access.login_window AS w
SET attempts = CASE WHEN w.subject = %(own)s THEN 0 ELSE greatest(w.attempts - 1, 0) END
WHERE w.subject IN (SELECT o.subject FROM unnest(%(subjects)s::text[]) AS o (subject))
