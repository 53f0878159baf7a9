-- Of the bars that passed the other rules: those whose close stands 75 to 133 or 750 to 1333 times above or below the
-- previous accepted close (10 sessions back at most, known splits removed), and those that follow on that level.
-- params: none
-- returns: row_no, evidence
SELECT row_no, evidence FROM pg_temp.walked WHERE row_no IS NOT NULL AND held
