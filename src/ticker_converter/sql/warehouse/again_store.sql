-- What stands and did not before is known from now on; what stood and does no more was believed until now. `origins` and
-- `loads`: from load_again.
-- params: load_id, known_from, origins, loads
-- returns: changed
WITH again AS (
    SELECT * FROM unnest(%(origins)s::integer[], %(loads)s::integer[]) AS a (origin, load_id)
),
prices AS (
    UPDATE warehouse.fact_price AS f
    SET load_id = again.load_id
    FROM pg_temp.again_new_price AS n
    JOIN again ON again.origin = n.load_id
    WHERE (f.instrument_id, f.session) = (n.instrument_id, n.session)
),
price_ends AS (
    INSERT INTO warehouse.fact_price_revision
    SELECT a.instrument_id, a.session, a.load_id, a.source_id, a.unit_id, a.basis, a.open, a.high, a.low, a.close,
        a.volume, l.known_from, greatest(l.known_from, %(known_from)s), %(load_id)s
    FROM pg_temp.again_price AS a
    JOIN landing.load AS l USING (load_id)
),
actions AS (
    UPDATE warehouse.fact_corporate_action AS f
    SET load_id = again.load_id, known_from = %(known_from)s
    FROM pg_temp.again_new_action AS n
    JOIN again ON again.origin = n.load_id
    WHERE (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date)
        = (n.instrument_id, n.source_id, n.kind, n.ex_date, n.type, n.pay_date)
),
action_ends AS (
    INSERT INTO warehouse.fact_corporate_action_revision
    SELECT a.*, %(known_from)s, %(load_id)s FROM pg_temp.again_action AS a
),
rates AS (
    UPDATE warehouse.fact_fx_rate AS f
    SET load_id = again.load_id, known_from = %(known_from)s
    FROM pg_temp.again_new_rate AS n
    JOIN again ON again.origin = n.load_id
    WHERE (f.source_id, f.base, f.quote, f.rate_date) = (n.source_id, n.base, n.quote, n.rate_date)
),
rate_ends AS (
    INSERT INTO warehouse.fact_fx_rate_revision
    SELECT a.*, %(known_from)s, %(load_id)s FROM pg_temp.again_rate AS a
)
SELECT (
    SELECT count(*) FROM (
        SELECT instrument_id, session FROM pg_temp.again_new_price
        UNION SELECT instrument_id, session FROM pg_temp.again_price) AS p
) + (
    SELECT count(*) FROM (
        SELECT instrument_id, source_id, kind, ex_date, type, pay_date FROM pg_temp.again_new_action
        UNION SELECT instrument_id, source_id, kind, ex_date, type, pay_date FROM pg_temp.again_action) AS c
) + (
    SELECT count(*) FROM (
        SELECT source_id, base, quote, rate_date FROM pg_temp.again_new_rate
        UNION SELECT source_id, base, quote, rate_date FROM pg_temp.again_rate) AS r
)
