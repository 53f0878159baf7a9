-- Note what one rule over stored data finds; a finding that is known already is not noted again.
-- params: load_id, rule
-- returns: none
INSERT INTO landing.finding (load_id, rule, subject, day, evidence)
SELECT %(load_id)s, %(rule)s, f.subject, f.day, f.evidence
FROM (
{rule}
) AS f (subject, day, evidence)
ON CONFLICT (rule, subject, day) DO NOTHING
