-- What was believed in the past is what was believed: the revisions that the telling made go, and those put aside come back.
-- Held rows that are still said are the same entries as before; of those that are not, no key stands in the way.
-- params: none
-- returns: none
DELETE FROM warehouse.fact_price_revision AS r
USING pg_temp.again_instrument AS s
WHERE r.instrument_id = s.instrument_id AND (r.load_id >= s.start OR r.closed_by >= s.start);
INSERT INTO warehouse.fact_price_revision TABLE pg_temp.again_price_revision;
DELETE FROM warehouse.fact_corporate_action_revision AS r
USING pg_temp.again_instrument AS s
WHERE r.instrument_id = s.instrument_id AND (r.load_id >= s.start OR r.closed_by >= s.start);
INSERT INTO warehouse.fact_corporate_action_revision TABLE pg_temp.again_action_revision;
DELETE FROM warehouse.fact_fx_rate_revision AS r
USING pg_temp.again_day AS s
WHERE r.source_id = s.source_id AND r.rate_date = s.rate_date AND (r.load_id >= s.start OR r.closed_by >= s.start);
INSERT INTO warehouse.fact_fx_rate_revision TABLE pg_temp.again_rate_revision;

CREATE TEMP TABLE again_said ON COMMIT DROP AS
SELECT h.quarantine_id AS was, q.*
FROM pg_temp.again_held AS h
JOIN landing.quarantine AS q USING (row_key);
DELETE FROM landing.quarantine AS q USING pg_temp.again_said AS s WHERE s.quarantine_id = q.quarantine_id;
UPDATE landing.quarantine AS q
SET load_id = s.load_id, reason = s.reason, evidence = s.evidence, content = s.content, row_key = s.row_key,
    group_key = s.group_key, state = s.state, factor = s.factor, decided_by = s.decided_by,
    decision_reason = s.decision_reason, closed_by = s.closed_by, origin = s.origin,
    decided_at = CASE WHEN s.decided_at IS NOT NULL THEN coalesce(h.decided_at, s.decided_at) END
FROM pg_temp.again_said AS s
JOIN pg_temp.again_held AS h ON h.quarantine_id = s.was
WHERE q.quarantine_id = s.was;
UPDATE landing.quarantine AS q
SET state = 'superseded', row_key = CASE WHEN h.decision_reason = 'the run was taken back' AND h.state = 'superseded'
        THEN h.row_key ELSE h.row_key || ':' || h.quarantine_id END,
    decided_at = CASE WHEN h.state = 'superseded' THEN h.decided_at ELSE clock_timestamp() END,
    decision_reason = 'the run was taken back'
FROM pg_temp.again_held AS h
WHERE h.quarantine_id = q.quarantine_id AND q.row_key = h.row_key || ':again';
DROP TABLE pg_temp.again_said;

WITH counted AS (
    SELECT s.instrument_id, min(f.session) AS first, max(f.session) AS last, count(f.session) AS bars
    FROM pg_temp.again_instrument AS s
    LEFT JOIN warehouse.fact_price AS f USING (instrument_id)
    GROUP BY s.instrument_id
),
empty AS (
    DELETE FROM warehouse.coverage AS c USING counted AS n WHERE c.instrument_id = n.instrument_id AND n.bars = 0
)
INSERT INTO warehouse.coverage (instrument_id, first_session, last_session, bars)
SELECT n.instrument_id, n.first, n.last, n.bars FROM counted AS n WHERE n.bars > 0
ON CONFLICT (instrument_id) DO UPDATE
SET first_session = excluded.first_session, last_session = excluded.last_session, bars = excluded.bars
