-- Stage the keys of the bars that runs now taken back had brought and that still stand, also through a person's answer to a
-- row of theirs.
-- params: none
-- returns: none
INSERT INTO pg_temp.stage_price (row_no, instrument_id, session, basis)
SELECT row_number() OVER (), k.instrument_id, k.session, k.basis
FROM (
    SELECT f.instrument_id, f.session, f.basis
    FROM landing.dead_load AS d
    JOIN warehouse.fact_price AS f USING (load_id)
    UNION
    SELECT f.instrument_id, f.session, f.basis
    FROM landing.quarantine AS q
    JOIN warehouse.fact_price AS f
        ON f.instrument_id = q.instrument_id AND f.session = q.day AND f.source_id = q.source_id
    JOIN landing.load AS l ON l.load_id = f.load_id AND l.kind = 'decision'
    WHERE q.kind = 'price' AND q.state IN ('accepted', 'rescaled') AND landing.held_for_dead(
    q.load_id, q.kind, q.instrument_id, q.day, q.source_id)
) AS k
