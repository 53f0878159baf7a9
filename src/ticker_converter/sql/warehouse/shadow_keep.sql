-- Staged bars of a provider that is only a shadow of their instruments are kept as its last word and leave the stage: they
-- never stand, whatever else is stored of the day.
-- params: source_id, load_id, replay_of
-- returns: read, kept
WITH shadowed AS (
    SELECT i.instrument_id
    FROM warehouse.dim_instrument AS i
    JOIN warehouse.dim_source AS c ON c.source = ANY (i.shadows) AND c.source <> ALL (i.providers)
    WHERE c.source_id = %(source_id)s
),
said AS (
    DELETE FROM pg_temp.stage_price AS s
    USING shadowed AS i
    WHERE s.instrument_id = i.instrument_id
        AND NOT EXISTS (SELECT FROM pg_temp.held AS h WHERE h.row_no = s.row_no)
    RETURNING s.*
),
kept AS (
    INSERT INTO warehouse.fact_price_outranked AS o (
        instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
    )
    SELECT DISTINCT ON (s.instrument_id, s.session) s.instrument_id, s.session, %(load_id)s, %(source_id)s, s.unit_id,
        s.basis, s.open, s.high, s.low, s.close, s.volume
    FROM said AS s
    ORDER BY s.instrument_id, s.session, s.row_no
    ON CONFLICT (instrument_id, session, source_id, basis) DO UPDATE
    SET load_id = excluded.load_id, unit_id = excluded.unit_id, open = excluded.open, high = excluded.high,
        low = excluded.low, close = excluded.close, volume = excluded.volume
    WHERE (o.unit_id, o.open, o.high, o.low, o.close, o.volume)
        IS DISTINCT FROM (excluded.unit_id, excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
        AND (%(replay_of)s::integer IS NULL OR NOT landing.stated_later(o.load_id, %(replay_of)s))
)
SELECT count(*), count(DISTINCT (s.instrument_id, s.session)) FROM said AS s
