-- What is stored of instruments between two days, as one digest per instrument and year. A bar of another provider, or one
-- whose knowledge time a person gave or is later than this load's, makes a digest that no new bars have.
-- params: instruments, firsts, lasts, source_id, known_from
-- returns: instrument_id, year, digest
WITH odd AS (
    SELECT l.load_id FROM landing.load AS l WHERE l.known_from > %(known_from)s
    UNION ALL
    SELECT l.load_id FROM landing.load AS l WHERE l.recorded_at - l.known_from > interval '1 minute'
)
SELECT g.instrument_id, extract(year FROM f.session)::integer, sha256(convert_to(string_agg(concat_ws(
    ',', f.session, trim_scale(f.open), trim_scale(f.high), trim_scale(f.low), trim_scale(f.close),
    coalesce(trim_scale(f.volume)::text, ''), f.unit_id, f.basis,
    CASE WHEN f.source_id <> %(source_id)s OR f.load_id IN (SELECT odd.load_id FROM odd) THEN '!' END
), E'\n' ORDER BY f.session), 'UTF8'))
FROM unnest(%(instruments)s::integer[], %(firsts)s::date[], %(lasts)s::date[]) AS g (instrument_id, first, last)
JOIN warehouse.fact_price AS f ON f.instrument_id = g.instrument_id AND f.session BETWEEN g.first AND g.last
GROUP BY g.instrument_id, extract(year FROM f.session)
