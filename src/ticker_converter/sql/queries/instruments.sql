-- The list with coverage and freshness; `symbol` null: all.
-- params: symbol, watched_only
-- returns: instrument_id, symbol, mic, name, kind, unit, currency, providers, watched, first_session, last_session, bars, sessions_behind
SELECT i.instrument_id, i.symbol, i.mic, i.name, i.kind, i.unit, i.currency, i.providers, i.watched, i.first_session,
    i.last_session, i.bars,
    CASE WHEN i.last_session IS NOT NULL AND e.covered_to >= current_date THEN (
        SELECT count(*) FROM mart.session AS s
        WHERE s.mic = i.mic AND s.session > i.last_session AND s.closes_at < clock_timestamp()) END AS sessions_behind
FROM mart.instrument AS i
LEFT JOIN mart.exchange AS e USING (mic)
WHERE (%(symbol)s::text IS NULL OR i.symbol = %(symbol)s) AND (i.watched OR NOT %(watched_only)s)
ORDER BY i.symbol
