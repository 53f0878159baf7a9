-- Bars of a day that had not begun at the exchange (without an exchange: in UTC) when the payload was fetched.
-- params: fetched_at
-- returns: row_no, evidence
SELECT s.row_no, jsonb_build_object('date', s.session, 'fetched_at', %(fetched_at)s::timestamptz)
FROM pg_temp.suspect_price AS s
LEFT JOIN warehouse.dim_instrument AS i USING (instrument_id)
LEFT JOIN warehouse.dim_exchange AS e USING (mic)
WHERE s.session >= %(fetched_at)s::date - 2
    AND s.session > (%(fetched_at)s::timestamptz AT TIME ZONE coalesce(e.time_zone, 'UTC'))::date
