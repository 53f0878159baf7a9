-- Put the held rows into quarantine; a row that is there already adds no second entry, and
-- waits again where it was superseded by one that this payload comes after.
-- params: source_id, load_id
-- returns: none
INSERT INTO landing.quarantine AS q (
    load_id, kind, instrument_id, symbol, day, source_id, reason, evidence, content, row_key, group_key
)
SELECT %(load_id)s, 'price', said.instrument_id, said.symbol, said.day, said.source_id, said.reason, said.evidence,
    said.content, said.row_key,
    concat_ws(':', said.reason, said.symbol, said.source_id, said.evidence -> said.reason ->> 'factor')
FROM (
    SELECT DISTINCT ON (k.row_key) x.*, k.row_key  -- a row may stand in the payload twice
    FROM (
        SELECT s.row_no, s.instrument_id AS instrument_id, coalesce(i.symbol, s.detail ->> 'symbol', '') AS symbol, s.session AS day,
            %(source_id)s::smallint AS source_id, h.reason, h.evidence || jsonb_build_object('row', s.row_no) AS evidence, jsonb_build_object('symbol', coalesce(i.symbol, s.detail ->> 'symbol'), 'date', coalesce(s.session::text, s.detail -> 'bad' ->> 'date'),
            'open', coalesce(s.detail -> 'bad' ->> 'open', s.open::text), 'high', coalesce(s.detail -> 'bad' ->> 'high', s.high::text),
            'low', coalesce(s.detail -> 'bad' ->> 'low', s.low::text), 'close', coalesce(s.detail -> 'bad' ->> 'close', s.close::text),
            'volume', coalesce(s.detail -> 'bad' ->> 'volume', s.volume::text), 'unit', coalesce(s.detail ->> 'unit', u.unit), 'basis', s.basis) AS content
        FROM pg_temp.held AS h
        JOIN pg_temp.stage_price AS s USING (row_no)
        LEFT JOIN warehouse.dim_instrument AS i USING (instrument_id)
        LEFT JOIN warehouse.dim_price_unit AS u ON u.unit_id = s.unit_id
    ) AS x
    CROSS JOIN LATERAL (SELECT landing.row_key('price', x.source_id, x.content) AS row_key) AS k
    ORDER BY k.row_key, x.row_no
) AS said
ORDER BY said.row_no
ON CONFLICT (row_key) DO UPDATE
SET load_id = excluded.load_id, state = 'held', reason = excluded.reason, evidence = excluded.evidence,
    group_key = excluded.group_key, decided_at = NULL, closed_by = NULL, origin = NULL
WHERE q.state = 'superseded' AND NOT EXISTS (
    SELECT FROM landing.load AS l
    CROSS JOIN LATERAL (
        SELECT f.load_id FROM warehouse.fact_price AS f
        WHERE f.instrument_id = q.instrument_id AND f.session = q.day AND f.source_id = q.source_id
        UNION ALL
        SELECT o.load_id FROM warehouse.fact_price_outranked AS o
        WHERE o.instrument_id = q.instrument_id AND o.session = q.day AND o.source_id = q.source_id
    ) AS stands
    WHERE l.load_id = excluded.load_id AND landing.stated_later(stands.load_id, l.delivery_id))
