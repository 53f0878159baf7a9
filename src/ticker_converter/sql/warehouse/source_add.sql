-- A new publisher of prices or rates.
-- params: source, handmade, pivot, time_zone, final_at, fixing
-- returns: source_id
INSERT INTO warehouse.dim_source (source, handmade, pivot, time_zone, final_at, fixing)
VALUES (%(source)s, %(handmade)s, %(pivot)s, %(time_zone)s, %(final_at)s, %(fixing)s)
ON CONFLICT (source) DO UPDATE SET source = excluded.source
RETURNING source_id
