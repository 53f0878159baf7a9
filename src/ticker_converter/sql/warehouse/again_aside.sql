-- Put aside what stands and stood since, and let what stood before stand again, to be told from there on. Held rows wait
-- under a key that is no row's.
-- params: none
-- returns: none
INSERT INTO pg_temp.again_price
SELECT f.* FROM warehouse.fact_price AS f JOIN pg_temp.again_instrument AS s USING (instrument_id)
WHERE f.load_id >= s.start;
DELETE FROM warehouse.fact_price AS f
USING pg_temp.again_instrument AS s
WHERE f.instrument_id = s.instrument_id AND f.load_id >= s.start;
INSERT INTO pg_temp.again_price_revision
SELECT r.* FROM warehouse.fact_price_revision AS r JOIN pg_temp.again_instrument AS s USING (instrument_id)
WHERE r.load_id >= s.start OR r.closed_by >= s.start;
DELETE FROM warehouse.fact_price_revision AS r
USING pg_temp.again_instrument AS s
WHERE r.instrument_id = s.instrument_id AND (r.load_id >= s.start OR r.closed_by >= s.start);
INSERT INTO warehouse.fact_price (
    instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
)
SELECT r.instrument_id, r.session, r.load_id, r.source_id, r.unit_id, r.basis, r.open, r.high, r.low, r.close, r.volume
FROM pg_temp.again_price_revision AS r
JOIN pg_temp.again_instrument AS s USING (instrument_id)
WHERE r.load_id < s.start;
INSERT INTO pg_temp.again_price_outranked
SELECT o.* FROM warehouse.fact_price_outranked AS o JOIN pg_temp.again_instrument USING (instrument_id);
DELETE FROM warehouse.fact_price_outranked AS o
USING pg_temp.again_instrument AS s
WHERE o.instrument_id = s.instrument_id;

INSERT INTO pg_temp.again_action
SELECT f.* FROM warehouse.fact_corporate_action AS f JOIN pg_temp.again_instrument AS s USING (instrument_id)
WHERE f.load_id >= s.start;
DELETE FROM warehouse.fact_corporate_action AS f
USING pg_temp.again_instrument AS s
WHERE f.instrument_id = s.instrument_id AND f.load_id >= s.start;
INSERT INTO pg_temp.again_action_revision
SELECT r.* FROM warehouse.fact_corporate_action_revision AS r JOIN pg_temp.again_instrument AS s USING (instrument_id)
WHERE r.load_id >= s.start OR r.closed_by >= s.start;
DELETE FROM warehouse.fact_corporate_action_revision AS r
USING pg_temp.again_instrument AS s
WHERE r.instrument_id = s.instrument_id AND (r.load_id >= s.start OR r.closed_by >= s.start);
INSERT INTO warehouse.fact_corporate_action
SELECT r.instrument_id, r.source_id, r.kind, r.ex_date, r.type, r.pay_date, r.new, r.old, r.amount, r.unit_id, r.basis,
    r.load_id, r.known_from
FROM pg_temp.again_action_revision AS r
JOIN pg_temp.again_instrument AS s USING (instrument_id)
WHERE r.load_id < s.start;

INSERT INTO pg_temp.again_rate
SELECT f.* FROM warehouse.fact_fx_rate AS f JOIN pg_temp.again_day AS s USING (source_id, rate_date)
WHERE f.load_id >= s.start;
DELETE FROM warehouse.fact_fx_rate AS f
USING pg_temp.again_day AS s
WHERE f.source_id = s.source_id AND f.rate_date = s.rate_date AND f.load_id >= s.start;
INSERT INTO pg_temp.again_rate_revision
SELECT r.* FROM warehouse.fact_fx_rate_revision AS r JOIN pg_temp.again_day AS s USING (source_id, rate_date)
WHERE r.load_id >= s.start OR r.closed_by >= s.start;
DELETE FROM warehouse.fact_fx_rate_revision AS r
USING pg_temp.again_day AS s
WHERE r.source_id = s.source_id AND r.rate_date = s.rate_date AND (r.load_id >= s.start OR r.closed_by >= s.start);
INSERT INTO warehouse.fact_fx_rate
SELECT r.source_id, r.base, r.quote, r.rate_date, r.rate, r.load_id, r.known_from
FROM pg_temp.again_rate_revision AS r
JOIN pg_temp.again_day AS s USING (source_id, rate_date)
WHERE r.load_id < s.start;

INSERT INTO pg_temp.again_held
SELECT q.*
FROM landing.quarantine AS q
WHERE q.instrument_id IN (SELECT s.instrument_id FROM pg_temp.again_instrument AS s)
    OR q.kind = 'rate' AND (q.source_id, q.day) IN (SELECT s.source_id, s.rate_date FROM pg_temp.again_day AS s)
    OR q.instrument_id IS NULL AND (q.kind <> 'rate' OR q.day IS NULL)
    AND q.load_id IN (SELECT l.load_id FROM pg_temp.again_load AS l);
UPDATE landing.quarantine AS q
SET state = 'superseded', row_key = q.row_key || ':again'
FROM pg_temp.again_held AS h
WHERE h.quarantine_id = q.quarantine_id
