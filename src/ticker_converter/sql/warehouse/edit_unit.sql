-- From a day on (null: always) an instrument is quoted in another unit: its bars since then are the same numbers in the
-- new unit, and the old reading is closed as a revision. `origins` and `loads`: from load_again.
-- params: instrument_id, unit, valid_from, load_id, known_from, origins, loads
-- returns: bars
WITH new AS (
    SELECT unit_id FROM warehouse.dim_price_unit WHERE unit = %(unit)s
),
shortened AS (
    UPDATE warehouse.instrument_unit SET valid_to = %(valid_from)s::date - 1
    WHERE instrument_id = %(instrument_id)s AND valid_from < %(valid_from)s::date AND valid_to >= %(valid_from)s::date
),
dropped AS (
    DELETE FROM warehouse.instrument_unit
    WHERE instrument_id = %(instrument_id)s AND valid_from >= coalesce(%(valid_from)s::date, '-infinity')
),
leaving AS (
    SELECT f.*, l.known_from
    FROM warehouse.fact_price AS f
    JOIN landing.load AS l USING (load_id)
    WHERE f.instrument_id = %(instrument_id)s AND f.session >= coalesce(%(valid_from)s::date, '-infinity')
        AND f.unit_id <> (SELECT unit_id FROM new)
),
kept AS (
    INSERT INTO warehouse.fact_price_revision
    SELECT instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume, known_from,
        %(known_from)s, %(load_id)s
    FROM leaving
),
outranked AS (
    UPDATE warehouse.fact_price_outranked
    SET unit_id = (SELECT unit_id FROM new)
    WHERE instrument_id = %(instrument_id)s AND session >= coalesce(%(valid_from)s::date, '-infinity')
),
put AS (
    UPDATE warehouse.fact_price AS f
    SET unit_id = (SELECT unit_id FROM new), load_id = a.load_id
    FROM leaving AS l
    JOIN unnest(%(origins)s::integer[], %(loads)s::integer[]) AS a (origin, load_id) ON a.origin = l.load_id
    WHERE f.instrument_id = l.instrument_id AND f.session = l.session
    RETURNING 1
)
SELECT count(*) FROM put
