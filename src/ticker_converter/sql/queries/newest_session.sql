-- The newest session that is stored of any instrument on the watch list.
-- params: none
-- returns: session
SELECT greatest(
    (
        SELECT max(m.session) FROM mart.move AS m
        WHERE m.back = 1 AND m.session <> 'infinity'
            AND NOT EXISTS (SELECT FROM mart.move_stale AS s WHERE s.instrument_id = m.instrument_id)
    ),
    (
        SELECT max(i.last_session) FROM mart.move_stale AS s
        JOIN mart.instrument AS i USING (instrument_id)
        WHERE i.watched
    ))
