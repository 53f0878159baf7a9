-- Compare what stands now with what was put aside: what is as it was is its own again, of the rest both sides are noted.
-- params: none
-- returns: none
UPDATE warehouse.fact_price AS f
SET load_id = a.load_id
FROM pg_temp.again_price AS a
JOIN landing.load AS l USING (load_id)
WHERE f.instrument_id = a.instrument_id AND f.session = a.session AND f.load_id = coalesce(l.origin, l.load_id)
    AND (f.source_id, f.unit_id, f.basis, f.open, f.high, f.low, f.close, f.volume)
        IS NOT DISTINCT FROM (a.source_id, a.unit_id, a.basis, a.open, a.high, a.low, a.close, a.volume);
INSERT INTO pg_temp.again_new_price
SELECT f.instrument_id, f.session, f.load_id
FROM warehouse.fact_price AS f
JOIN pg_temp.again_instrument AS s USING (instrument_id)
LEFT JOIN pg_temp.again_price AS a USING (instrument_id, session)
WHERE a.load_id IS DISTINCT FROM f.load_id AND (f.load_id >= s.start OR EXISTS (
    SELECT FROM pg_temp.again_price_revision AS r
    WHERE (r.instrument_id, r.session, r.load_id) = (f.instrument_id, f.session, f.load_id)));
DELETE FROM pg_temp.again_price AS a
USING warehouse.fact_price AS f
WHERE (f.instrument_id, f.session, f.load_id) = (a.instrument_id, a.session, a.load_id);

UPDATE warehouse.fact_corporate_action AS f
SET load_id = a.load_id, known_from = a.known_from
FROM pg_temp.again_action AS a
JOIN landing.load AS l USING (load_id)
WHERE (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date)
        = (a.instrument_id, a.source_id, a.kind, a.ex_date, a.type, a.pay_date)
    AND f.load_id = coalesce(l.origin, l.load_id)
    AND (f.new, f.old, f.amount, f.unit_id, f.basis) IS NOT DISTINCT FROM (a.new, a.old, a.amount, a.unit_id, a.basis);
INSERT INTO pg_temp.again_new_action
SELECT f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date, f.load_id
FROM warehouse.fact_corporate_action AS f
JOIN pg_temp.again_instrument AS s USING (instrument_id)
LEFT JOIN pg_temp.again_action AS a USING (instrument_id, source_id, kind, ex_date, type, pay_date)
WHERE a.load_id IS DISTINCT FROM f.load_id AND (f.load_id >= s.start OR EXISTS (
    SELECT FROM pg_temp.again_action_revision AS r
    WHERE (r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date, r.load_id)
        = (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date, f.load_id)));
DELETE FROM pg_temp.again_action AS a
USING warehouse.fact_corporate_action AS f
WHERE (f.instrument_id, f.source_id, f.kind, f.ex_date, f.type, f.pay_date, f.load_id)
    = (a.instrument_id, a.source_id, a.kind, a.ex_date, a.type, a.pay_date, a.load_id);

UPDATE warehouse.fact_fx_rate AS f
SET load_id = a.load_id, known_from = a.known_from
FROM pg_temp.again_rate AS a
JOIN landing.load AS l USING (load_id)
WHERE (f.source_id, f.base, f.quote, f.rate_date) = (a.source_id, a.base, a.quote, a.rate_date)
    AND f.load_id = coalesce(l.origin, l.load_id) AND f.rate = a.rate;
INSERT INTO pg_temp.again_new_rate
SELECT f.source_id, f.base, f.quote, f.rate_date, f.load_id
FROM warehouse.fact_fx_rate AS f
JOIN pg_temp.again_day AS s USING (source_id, rate_date)
LEFT JOIN pg_temp.again_rate AS a USING (source_id, base, quote, rate_date)
WHERE a.load_id IS DISTINCT FROM f.load_id AND (f.load_id >= s.start OR EXISTS (
    SELECT FROM pg_temp.again_rate_revision AS r
    WHERE (r.source_id, r.base, r.quote, r.rate_date, r.load_id) = (f.source_id, f.base, f.quote, f.rate_date, f.load_id)));
DELETE FROM pg_temp.again_rate AS a
USING warehouse.fact_fx_rate AS f
WHERE (f.source_id, f.base, f.quote, f.rate_date, f.load_id) = (a.source_id, a.base, a.quote, a.rate_date, a.load_id)
