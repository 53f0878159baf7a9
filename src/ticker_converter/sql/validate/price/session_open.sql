-- Bars of a session that had not closed when the payload was fetched; without a calendar the exchange's day counts.
-- params: fetched_at
-- returns: row_no, evidence
SELECT s.row_no, jsonb_build_object('closes_at', c.closes_at, 'fetched_at', %(fetched_at)s::timestamptz)
FROM pg_temp.suspect_price AS s
LEFT JOIN warehouse.dim_instrument AS i USING (instrument_id)
LEFT JOIN warehouse.dim_exchange AS e USING (mic)
LEFT JOIN warehouse.dim_date AS d ON d.mic = i.mic AND d.session = s.session
CROSS JOIN LATERAL (
    SELECT coalesce(d.closes_at, (s.session + 1)::timestamp AT TIME ZONE coalesce(e.time_zone, 'UTC')) AS closes_at
) AS c
WHERE s.session >= %(fetched_at)s::date - 2 AND c.closes_at > %(fetched_at)s::timestamptz
