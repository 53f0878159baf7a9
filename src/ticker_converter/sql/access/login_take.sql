-- Count one attempt against each subject before the password is looked at; a window begins with its first attempt.
-- params: subjects, seconds
-- returns: subject, attempts, wait
INSERT INTO access.login_window AS w (subject, attempts, ends_at)
SELECT s.subject, 1, clock_timestamp() + make_interval(secs => %(seconds)s)
FROM unnest(%(subjects)s::text[]) AS s (subject)
ORDER BY s.subject
ON CONFLICT (subject) DO UPDATE SET
    attempts = CASE WHEN w.ends_at <= clock_timestamp() THEN 1 ELSE w.attempts + 1 END,
    ends_at = CASE WHEN w.ends_at <= clock_timestamp() THEN excluded.ends_at ELSE w.ends_at END
RETURNING subject, attempts, ceil(extract(epoch FROM ends_at - clock_timestamp()))::integer
