-- Open a load: its known_from is the clock under the publish lock, never before the last publish, or the time given.
-- params: run_id, delivery_id, kind, parser_version, known_at, author, reason
-- returns: load_id, known_from
INSERT INTO landing.load (run_id, delivery_id, kind, parser_version, known_from, author, reason)
SELECT %(run_id)s, %(delivery_id)s, %(kind)s, %(parser_version)s,
    coalesce(%(known_at)s::timestamptz, greatest(clock_timestamp(), s.published_at)), %(author)s, %(reason)s
FROM warehouse.state AS s
RETURNING load_id, known_from
