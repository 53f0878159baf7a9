-- The row held now that says what the row of that id said; none if nobody says it any more, or it was not put aside.
-- params: id
-- returns: quarantine_id
SELECT q.quarantine_id
FROM pg_temp.again_held AS h
JOIN landing.quarantine AS q ON q.row_key = h.row_key AND q.state = 'held'
WHERE h.quarantine_id = %(id)s
