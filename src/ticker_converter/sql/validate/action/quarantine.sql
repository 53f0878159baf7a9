-- Put the held rows into quarantine; a row that is there already adds no second entry.
-- params: source_id, load_id
-- returns: none
INSERT INTO landing.quarantine (
    load_id, kind, instrument_id, symbol, day, source_id, reason, evidence, content, row_key, group_key
)
SELECT %(load_id)s, 'action', said.instrument_id, said.symbol, said.day, said.source_id, said.reason, said.evidence,
    said.content, landing.row_key('action', said.source_id, said.content),
    concat_ws(':', said.reason, said.symbol, said.source_id, said.evidence -> said.reason ->> 'factor')
FROM (
    SELECT s.row_no, s.instrument_id AS instrument_id, coalesce(i.symbol, s.detail ->> 'symbol', '') AS symbol, s.ex_date AS day,
        %(source_id)s::smallint AS source_id, h.reason, h.evidence || jsonb_build_object('row', s.row_no) AS evidence, jsonb_build_object('symbol', coalesce(i.symbol, s.detail ->> 'symbol'), 'ex_date', coalesce(s.ex_date::text, s.detail -> 'bad' ->> 'ex_date'),
        'kind', coalesce(s.kind, s.detail ->> 'kind'), 'value', coalesce(s.detail -> 'bad' ->> 'value', s.amount::text, s.new::text || '/' || s.old::text, s.detail ->> 'value'),
        'unit', coalesce(s.detail ->> 'unit', u.unit), 'type', s.type, 'pay_date', coalesce(s.detail -> 'bad' ->> 'pay_date', nullif(s.pay_date, 'infinity')::text), 'basis', s.basis) AS content
    FROM pg_temp.held AS h
    JOIN pg_temp.stage_action AS s USING (row_no)
    LEFT JOIN warehouse.dim_instrument AS i USING (instrument_id)
    LEFT JOIN warehouse.dim_price_unit AS u ON u.unit_id = s.unit_id
) AS said
ORDER BY said.row_no
ON CONFLICT (row_key) DO NOTHING
