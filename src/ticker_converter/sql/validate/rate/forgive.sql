-- Rows that a person accepted before, word for word from the same provider, are judged no more.
-- params: none
-- returns: none
DELETE FROM pg_temp.offence AS o
USING (
    SELECT s.row_no, landing.row_key('rate', s.source_id, jsonb_build_object('base', s.base, 'quote', s.quote, 'date', coalesce(s.rate_date::text, s.detail -> 'bad' ->> 'date'),
        'rate', coalesce(s.detail -> 'bad' ->> 'rate', s.rate::text))) AS row_key
    FROM pg_temp.stage_rate AS s
    
    WHERE s.row_no IN (SELECT f.row_no FROM pg_temp.offence AS f)
) AS said
JOIN landing.quarantine AS q ON q.row_key = said.row_key AND q.state = 'accepted'
WHERE o.row_no = said.row_no
