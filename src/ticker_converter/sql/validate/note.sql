-- Note the rows that one rule's SELECT, put in the place of the braces, finds offending.
-- params: place, reason
-- returns: none
INSERT INTO pg_temp.offence (row_no, place, reason, evidence)
SELECT o.row_no, %(place)s, %(reason)s, o.evidence
FROM (
{rule}
) AS o (row_no, evidence)
