-- What looks odd and was kept, newest first.
-- params: rule, limit
-- returns: rule, subject, day, evidence, run_id
SELECT rule, subject, day, evidence, run_id FROM mart.finding
WHERE %(rule)s::text IS NULL OR rule = %(rule)s
ORDER BY day DESC NULLS LAST, rule, subject
LIMIT %(limit)s
