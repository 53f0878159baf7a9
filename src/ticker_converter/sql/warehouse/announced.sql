-- The next ex-date of a split or dividend that has been announced for the days to come, by instrument.
-- params: days
-- returns: symbol, ex_date
SELECT i.symbol, min(a.ex_date)
FROM warehouse.fact_corporate_action AS a
JOIN warehouse.dim_instrument AS i USING (instrument_id)
WHERE a.ex_date BETWEEN (clock_timestamp() AT TIME ZONE 'UTC')::date
    AND (clock_timestamp() AT TIME ZONE 'UTC')::date + %(days)s::integer
GROUP BY i.symbol
