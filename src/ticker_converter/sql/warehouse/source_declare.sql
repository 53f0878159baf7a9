-- What a provider says of itself, where that is news: a name that a person's file used first becomes the provider's.
-- params: source, handmade, pivot, time_zone, final_at, fixing
-- returns: none
UPDATE warehouse.dim_source
SET handmade = %(handmade)s, pivot = %(pivot)s, time_zone = %(time_zone)s, final_at = %(final_at)s, fixing = %(fixing)s
WHERE source = %(source)s
    AND (handmade, pivot, time_zone, final_at, fixing)
        IS DISTINCT FROM (%(handmade)s, %(pivot)s::text, %(time_zone)s, %(final_at)s::interval, %(fixing)s::text)
