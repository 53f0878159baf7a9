-- Stored bars that now stand behind a jump go into quarantine, as they were published; they were believed until now.
-- params: load_id, known_from
-- returns: held_back
WITH leaving AS (
    SELECT f.*, l.known_from, w.evidence, coalesce(l.origin, f.load_id) AS origin
    FROM pg_temp.walked AS w
    JOIN warehouse.fact_price AS f USING (instrument_id, session)
    JOIN landing.load AS l USING (load_id)
    WHERE w.held AND w.row_no IS NULL AND w.quarantine_id IS NULL
),
said AS (
    SELECT x.*, i.symbol, jsonb_build_object(
        'symbol', i.symbol, 'date', x.session::text, 'open', x.open::text, 'high', x.high::text, 'low', x.low::text,
        'close', x.close::text, 'volume', x.volume::text, 'unit', u.unit, 'basis', x.basis) AS content
    FROM leaving AS x
    JOIN warehouse.dim_instrument AS i USING (instrument_id)
    JOIN warehouse.dim_price_unit AS u USING (unit_id)
),
put AS (
    INSERT INTO landing.quarantine AS q (
        load_id, kind, instrument_id, symbol, day, source_id, reason, evidence, content, row_key, group_key,
        origin
    )
    SELECT %(load_id)s, 'price', s.instrument_id, s.symbol, s.session, s.source_id, 'unit_jump',
        jsonb_build_object('unit_jump', s.evidence), s.content, landing.row_key('price', s.source_id, s.content),
        concat_ws(':', 'unit_jump', s.symbol, s.source_id, s.evidence ->> 'factor'), s.origin
    FROM said AS s
    ON CONFLICT (row_key) DO UPDATE
    SET load_id = excluded.load_id, state = 'held', reason = excluded.reason, evidence = excluded.evidence,
        group_key = excluded.group_key, decided_at = NULL, closed_by = NULL, origin = excluded.origin
    WHERE q.state = 'superseded'
),
kept AS (
    INSERT INTO warehouse.fact_price_revision
    SELECT instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume, known_from,
        greatest(known_from, %(known_from)s), %(load_id)s
    FROM leaving
),
gone AS (
    DELETE FROM warehouse.fact_price AS f
    USING leaving AS x
    WHERE f.instrument_id = x.instrument_id AND f.session = x.session
)
SELECT count(*) FROM leaving
