-- Empty every staging table, as the end of a transaction of its own would.
-- params: none
-- returns: none
TRUNCATE pg_temp.stage_price, pg_temp.stage_rate, pg_temp.stage_action, pg_temp.offence, pg_temp.held, pg_temp.verdict,
    pg_temp.walked, pg_temp.put_back
