-- Bars of a day on which the exchange, by a calendar that covers it, did not trade.
-- params: none
-- returns: row_no, evidence
SELECT s.row_no, jsonb_build_object('mic', e.mic, 'date', s.session, 'weekday', trim(to_char(s.session, 'Day')))
FROM pg_temp.suspect_price AS s
JOIN warehouse.dim_instrument AS i USING (instrument_id)
JOIN warehouse.dim_exchange AS e ON e.mic = i.mic AND s.session BETWEEN e.covered_from AND e.covered_to
LEFT JOIN warehouse.dim_date AS d ON d.mic = i.mic AND d.session = s.session
WHERE d.session IS NULL
