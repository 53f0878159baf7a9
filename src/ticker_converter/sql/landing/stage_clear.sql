-- Empty the judge's tables between the kinds of one payload.
-- params: none
-- returns: none
TRUNCATE pg_temp.offence, pg_temp.held, pg_temp.verdict
