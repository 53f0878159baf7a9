-- Rows that a person accepted before, word for word from the same provider, are judged no more.
-- params: source_id
-- returns: none
DELETE FROM pg_temp.offence AS o
USING (
    SELECT s.row_no, landing.row_key('action', %(source_id)s::smallint, jsonb_build_object('symbol', coalesce(i.symbol, s.detail ->> 'symbol'), 'ex_date', coalesce(s.ex_date::text, s.detail -> 'bad' ->> 'ex_date'),
        'kind', coalesce(s.kind, s.detail ->> 'kind'), 'value', coalesce(s.detail -> 'bad' ->> 'value', s.amount::text, s.new::text || '/' || s.old::text, s.detail ->> 'value'),
        'unit', coalesce(s.detail ->> 'unit', u.unit), 'type', s.type, 'pay_date', coalesce(s.detail -> 'bad' ->> 'pay_date', nullif(s.pay_date, 'infinity')::text), 'basis', s.basis)) AS row_key
    FROM pg_temp.stage_action AS s
    LEFT JOIN warehouse.dim_instrument AS i USING (instrument_id)
    LEFT JOIN warehouse.dim_price_unit AS u ON u.unit_id = s.unit_id
    WHERE s.row_no IN (SELECT f.row_no FROM pg_temp.offence AS f)
) AS said
JOIN landing.quarantine AS q ON q.row_key = said.row_key AND q.state = 'accepted'
WHERE o.row_no = said.row_no
