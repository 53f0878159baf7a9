-- Of the staged rates and actions only those that are told again from this load on; rows that say of no one or no day what
-- they are stay.
-- params: load_id
-- returns: none
WITH actions AS (
    DELETE FROM pg_temp.stage_action AS s
    WHERE s.instrument_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM pg_temp.again_instrument AS a WHERE a.instrument_id = s.instrument_id AND a.start <= %(load_id)s)
)
DELETE FROM pg_temp.stage_rate AS s
WHERE s.rate_date IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_temp.again_day AS a
    WHERE a.source_id = s.source_id AND a.rate_date = s.rate_date AND a.start <= %(load_id)s)
