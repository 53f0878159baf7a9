-- Keep the last word of a provider that another one outranks; what is only read again unsays no later one.
-- params: source_id, load_id, replay_of
-- returns: none
INSERT INTO warehouse.fact_price_outranked AS o (
    instrument_id, session, load_id, source_id, unit_id, basis, open, high, low, close, volume
)
SELECT s.instrument_id, s.session, %(load_id)s, %(source_id)s, s.unit_id, s.basis, s.open, s.high, s.low, s.close,
    s.volume
FROM pg_temp.verdict AS v
JOIN pg_temp.stage_price AS s USING (row_no)
WHERE v.verdict = 'outranked'
ON CONFLICT (instrument_id, session, source_id, basis) DO UPDATE
SET load_id = excluded.load_id, unit_id = excluded.unit_id, open = excluded.open, high = excluded.high,
    low = excluded.low, close = excluded.close, volume = excluded.volume
WHERE (o.unit_id, o.open, o.high, o.low, o.close, o.volume)
    IS DISTINCT FROM (excluded.unit_id, excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume)
    AND (%(replay_of)s::integer IS NULL OR NOT landing.stated_later(o.load_id, %(replay_of)s))
