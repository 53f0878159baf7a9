-- Sessions of an exchange that are missing between the first and the last stored bar of an instrument, in runs of
-- consecutive sessions; `everyone`: no instrument of the exchange has any of them; `held`: days with a bar in quarantine.
-- For an exchange (symbol null): the sessions that two instruments or more should have and none has, and the closed ones
-- after the last bar of all that are watched.
-- params: symbol
-- returns: symbol, mic, from, to, sessions, held, everyone
WITH expected AS (
    SELECT i.instrument_id, i.symbol, i.mic, s.session,
        row_number() OVER (PARTITION BY i.instrument_id ORDER BY s.session) AS n
    FROM mart.instrument AS i
    JOIN mart.session AS s ON s.mic = i.mic AND s.session BETWEEN i.first_session AND i.last_session
    WHERE (%(symbol)s::text IS NULL OR i.symbol = %(symbol)s)
),
missing AS (
    SELECT e.*,
        EXISTS (
            SELECT FROM mart.quarantine AS q
            WHERE q.symbol = e.symbol AND q.day = e.session AND q.state = 'held' AND q.kind = 'price') AS held,
        NOT EXISTS (
            SELECT FROM mart.instrument AS o
            JOIN mart.price AS p ON p.instrument_id = o.instrument_id AND p.session = e.session
            WHERE o.mic = e.mic) AS everyone
    FROM expected AS e
    WHERE NOT EXISTS (
        SELECT FROM mart.price AS p WHERE p.instrument_id = e.instrument_id AND p.session = e.session)
),
island AS (
    SELECT m.*, m.n - row_number() OVER (PARTITION BY m.instrument_id, m.everyone ORDER BY m.session) AS number
    FROM missing AS m
),
nobody AS (
    SELECT m.mic, m.session, count(*) FILTER (WHERE m.held) AS held
    FROM missing AS m
    WHERE m.everyone AND %(symbol)s::text IS NULL
    GROUP BY m.mic, m.session
    HAVING count(*) > 1
),
closed AS (
    SELECT n.*, s.number - row_number() OVER (PARTITION BY n.mic ORDER BY n.session) AS number
    FROM nobody AS n
    JOIN (
        SELECT d.mic, d.session, row_number() OVER (PARTITION BY d.mic ORDER BY d.session) AS number
        FROM mart.session AS d
        WHERE d.mic IN (SELECT nobody.mic FROM nobody)
    ) AS s USING (mic, session)
),
tail AS (
    SELECT s.mic, min(s.session) AS first, max(s.session) AS last, count(*) AS sessions
    FROM (
        SELECT mic, max(last_session) AS last_session FROM mart.instrument
        WHERE mic IS NOT NULL AND watched GROUP BY mic
    ) AS m
    JOIN mart.session AS s ON s.mic = m.mic AND s.session > m.last_session AND s.closes_at < clock_timestamp()
    WHERE %(symbol)s::text IS NULL
    GROUP BY s.mic
)
SELECT symbol, mic, min(session), max(session), count(*), count(*) FILTER (WHERE held), bool_and(everyone)
FROM island
GROUP BY instrument_id, symbol, mic, everyone, number
UNION ALL
SELECT NULL, mic, min(session), max(session), count(*), count(*) FILTER (WHERE held > 0), true
FROM closed
GROUP BY mic, number
UNION ALL
SELECT NULL, mic, first, last, sessions, 0, true FROM tail
ORDER BY 2, 1 NULLS FIRST, 3
