-- Rows that a person accepted before, word for word from the same provider, are judged no more.
-- params: source_id
-- returns: none
DELETE FROM pg_temp.offence AS o
USING (
    SELECT s.row_no, landing.row_key('price', %(source_id)s::smallint, jsonb_build_object('symbol', coalesce(i.symbol, s.detail ->> 'symbol'), 'date', coalesce(s.session::text, s.detail -> 'bad' ->> 'date'),
        'open', coalesce(s.detail -> 'bad' ->> 'open', s.open::text), 'high', coalesce(s.detail -> 'bad' ->> 'high', s.high::text),
        'low', coalesce(s.detail -> 'bad' ->> 'low', s.low::text), 'close', coalesce(s.detail -> 'bad' ->> 'close', s.close::text),
        'volume', coalesce(s.detail -> 'bad' ->> 'volume', s.volume::text), 'unit', coalesce(s.detail ->> 'unit', u.unit), 'basis', s.basis)) AS row_key
    FROM pg_temp.stage_price AS s
    LEFT JOIN warehouse.dim_instrument AS i USING (instrument_id)
    LEFT JOIN warehouse.dim_price_unit AS u ON u.unit_id = s.unit_id
    WHERE s.row_no IN (SELECT f.row_no FROM pg_temp.offence AS f)
) AS said
JOIN landing.quarantine AS q ON q.row_key = said.row_key AND q.state = 'accepted'
WHERE o.row_no = said.row_no
