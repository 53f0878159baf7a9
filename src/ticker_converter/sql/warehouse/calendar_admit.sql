-- A session on a person's word; it is over when its day is.
-- params: mic, day
-- returns: none
INSERT INTO warehouse.dim_date (mic, session, closes_at, admitted)
SELECT e.mic, %(day)s::date, (%(day)s::date + 1)::timestamp AT TIME ZONE e.time_zone, true
FROM warehouse.dim_exchange AS e
WHERE e.mic = %(mic)s
ON CONFLICT (mic, session) DO NOTHING
