-- One exchange, with the span of days its calendar covers.
-- params: mic, name, country, time_zone, covered_from, covered_to
-- returns: none
INSERT INTO warehouse.dim_exchange AS e (mic, name, country, time_zone, covered_from, covered_to)
VALUES (%(mic)s, %(name)s, %(country)s, %(time_zone)s, %(covered_from)s, %(covered_to)s)
ON CONFLICT (mic) DO UPDATE
SET name = excluded.name, country = excluded.country, time_zone = excluded.time_zone,
    covered_from = excluded.covered_from, covered_to = excluded.covered_to
