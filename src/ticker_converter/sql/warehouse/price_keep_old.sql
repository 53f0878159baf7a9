-- Close the bars that are about to be replaced: they were believed until this load. A bar of another provider stays on
-- as its last word.
-- params: source_id, load_id, known_from
-- returns: none
WITH leaving AS (
    SELECT f.*, l.known_from
    FROM pg_temp.verdict AS v
    JOIN pg_temp.stage_price AS s USING (row_no)
    JOIN warehouse.fact_price AS f USING (instrument_id, session)
    JOIN landing.load AS l ON l.load_id = f.load_id
    WHERE v.verdict IN ('revised', 'adopted', 'rebased')
),
other AS (
    INSERT INTO warehouse.fact_price_outranked AS o
    SELECT instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
    FROM leaving
    WHERE source_id <> %(source_id)s
    ON CONFLICT (instrument_id, session, source_id, basis) DO UPDATE
    SET load_id = excluded.load_id, unit_id = excluded.unit_id, open = excluded.open, high = excluded.high,
        low = excluded.low, close = excluded.close, volume = excluded.volume
)
INSERT INTO warehouse.fact_price_revision
SELECT instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume, known_from,
    %(known_from)s, %(load_id)s
FROM leaving
