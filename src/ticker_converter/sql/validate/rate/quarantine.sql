-- Put the held rows into quarantine; a row that is there already adds no second entry, and
-- waits again where it was superseded by one that this payload comes after.
-- params: load_id
-- returns: none
INSERT INTO landing.quarantine AS q (
    load_id, kind, instrument_id, symbol, day, source_id, reason, evidence, content, row_key, group_key
)
SELECT %(load_id)s, 'rate', said.instrument_id, said.symbol, said.day, said.source_id, said.reason, said.evidence,
    said.content, said.row_key,
    concat_ws(':', said.reason, said.symbol, said.source_id, said.evidence -> said.reason ->> 'factor')
FROM (
    SELECT DISTINCT ON (k.row_key) x.*, k.row_key  -- a row may stand in the payload twice
    FROM (
        SELECT s.row_no, NULL::integer AS instrument_id, coalesce(s.base, '') || '/' || coalesce(s.quote, '') AS symbol, s.rate_date AS day,
            s.source_id AS source_id, h.reason, h.evidence || jsonb_build_object('row', s.row_no) AS evidence, jsonb_build_object('base', s.base, 'quote', s.quote, 'date', coalesce(s.rate_date::text, s.detail -> 'bad' ->> 'date'),
            'rate', coalesce(s.detail -> 'bad' ->> 'rate', s.rate::text)) AS content
        FROM pg_temp.held AS h
        JOIN pg_temp.stage_rate AS s USING (row_no)
    ) AS x
    CROSS JOIN LATERAL (SELECT landing.row_key('rate', x.source_id, x.content) AS row_key) AS k
    ORDER BY k.row_key, x.row_no
) AS said
ORDER BY said.row_no
ON CONFLICT (row_key) DO UPDATE
SET load_id = excluded.load_id, state = 'held', reason = excluded.reason, evidence = excluded.evidence,
    group_key = excluded.group_key, decided_at = NULL, closed_by = NULL, origin = NULL
WHERE q.state = 'superseded' AND NOT EXISTS (
    SELECT FROM landing.load AS l
    CROSS JOIN LATERAL (
        SELECT f.load_id FROM warehouse.fact_fx_rate AS f
        WHERE f.source_id = q.source_id AND f.base = q.content ->> 'base' AND f.quote = q.content ->> 'quote'
            AND f.rate_date = q.day
    ) AS stands
    WHERE l.load_id = excluded.load_id AND landing.stated_later(stands.load_id, l.delivery_id))
