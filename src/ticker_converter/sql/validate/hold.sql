-- One reason a row, the first in the order of the rules, with all that apply in the evidence.
-- params: none
-- returns: none
INSERT INTO pg_temp.held (row_no, reason, evidence)
SELECT row_no, (array_agg(reason ORDER BY place))[1], jsonb_object_agg(reason, evidence)
FROM pg_temp.offence
GROUP BY row_no
