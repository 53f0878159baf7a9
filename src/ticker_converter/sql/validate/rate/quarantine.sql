-- Put the held rows into quarantine; a row that is there already adds no second entry.
-- params: load_id
-- returns: none
INSERT INTO landing.quarantine (
    load_id, kind, instrument_id, symbol, day, source_id, reason, evidence, content, row_key, group_key
)
SELECT %(load_id)s, 'rate', said.instrument_id, said.symbol, said.day, said.source_id, said.reason, said.evidence,
    said.content, landing.row_key('rate', said.source_id, said.content),
    concat_ws(':', said.reason, said.symbol, said.source_id, said.evidence -> said.reason ->> 'factor')
FROM (
    SELECT s.row_no, NULL::integer AS instrument_id, coalesce(s.base, '') || '/' || coalesce(s.quote, '') AS symbol, s.rate_date AS day,
        s.source_id AS source_id, h.reason, h.evidence || jsonb_build_object('row', s.row_no) AS evidence, jsonb_build_object('base', s.base, 'quote', s.quote, 'date', coalesce(s.rate_date::text, s.detail -> 'bad' ->> 'date'),
        'rate', coalesce(s.detail -> 'bad' ->> 'rate', s.rate::text)) AS content
    FROM pg_temp.held AS h
    JOIN pg_temp.stage_rate AS s USING (row_no)
    
) AS said
ORDER BY said.row_no
ON CONFLICT (row_key) DO NOTHING
