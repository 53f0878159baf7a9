-- What looks odd and is kept: an open outside high and low; a weekend bar where no calendar covers the exchange.
-- params: load_id
-- returns: none
INSERT INTO landing.finding (load_id, rule, subject, day, evidence)
SELECT %(load_id)s, f.rule, i.symbol, s.session, f.evidence
FROM pg_temp.suspect_price AS s
JOIN warehouse.dim_instrument AS i USING (instrument_id)
LEFT JOIN warehouse.dim_exchange AS e USING (mic)
CROSS JOIN LATERAL (
    SELECT 'open_outside_high_low' AS rule,
        jsonb_build_object('open', s.open, 'high', s.high, 'low', s.low) AS evidence
    WHERE s.open > s.high OR s.open < s.low
    UNION ALL
    SELECT 'weekend_bar', jsonb_build_object('weekday', trim(to_char(s.session, 'Day')))
    WHERE extract(isodow FROM s.session) > 5
        AND (e.covered_from IS NULL OR s.session NOT BETWEEN e.covered_from AND e.covered_to)
) AS f
WHERE NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    AND (s.open > s.high OR s.open < s.low OR extract(isodow FROM s.session) > 5)
ON CONFLICT (rule, subject, day) DO NOTHING
