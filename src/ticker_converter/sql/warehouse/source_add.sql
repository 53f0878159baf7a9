-- A new publisher of prices or rates.
-- params: source, handmade
-- returns: source_id
INSERT INTO warehouse.dim_source (source, handmade) VALUES (%(source)s, %(handmade)s)
ON CONFLICT (source) DO UPDATE SET source = excluded.source
RETURNING source_id
