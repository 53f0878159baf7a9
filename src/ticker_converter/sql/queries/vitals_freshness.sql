-- Per exchange of the watch list: instruments, how many lack a closed session, and sessions closed since the newest bar of
-- any of them. A day without a session moves none of these.
-- params: none
-- returns: mic, instruments, behind, sessions_behind
WITH closed AS (
    SELECT e.mic, (
        SELECT max(s.session) FROM mart.session AS s
        WHERE s.mic = e.mic AND s.closes_at < clock_timestamp() AND s.session > current_date - 30) AS session
    FROM mart.exchange AS e
    WHERE e.covered_to >= current_date
)
SELECT i.mic, count(*), count(*) FILTER (WHERE i.last_session < c.session),
    (SELECT count(*) FROM mart.session AS s
        WHERE s.mic = i.mic AND s.session > max(i.last_session) AND s.closes_at < clock_timestamp())
FROM mart.instrument AS i
JOIN closed AS c USING (mic)
WHERE i.watched
GROUP BY i.mic
ORDER BY i.mic
