-- Empty the staging and the judge's tables between the kinds of one payload.
-- params: none
-- returns: none
TRUNCATE pg_temp.stage_price, pg_temp.stage_rate, pg_temp.stage_action, pg_temp.offence, pg_temp.held, pg_temp.verdict,
    pg_temp.walked
