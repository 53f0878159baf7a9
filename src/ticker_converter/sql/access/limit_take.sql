-- Lease requests of a caller's window to one worker; a window begins with its first lease.
-- params: subject, lease, most, seconds
-- returns: granted, free, wait
INSERT INTO access.limit_window AS w (subject, taken, ends_at)
VALUES (
    %(subject)s, %(lease)s::bigint,
    clock_timestamp() + make_interval(secs => %(seconds)s)
)
ON CONFLICT (subject) DO UPDATE SET
    taken = %(lease)s::bigint
        + CASE WHEN w.ends_at <= clock_timestamp() THEN 0 ELSE least(w.taken, %(most)s) END,
    ends_at = CASE WHEN w.ends_at <= clock_timestamp() THEN excluded.ends_at ELSE w.ends_at END
RETURNING
    greatest(0, least(%(lease)s::bigint, %(most)s - (taken - %(lease)s::bigint))),
    greatest(0, %(most)s - taken),
    extract(epoch FROM ends_at - clock_timestamp())::double precision
