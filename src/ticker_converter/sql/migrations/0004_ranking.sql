-- Which of two statements about one bar stands.

CREATE FUNCTION landing.stated_later(p_load integer, p_delivery integer) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    -- Whether a load's statements are later than a delivery's: by the knowledge time of the delivery's first load, then by
    -- arrival. A person's act has no delivery and is later than all. A replay asks this, so that an old payload read
    -- again never unsays a newer one.
    SELECT l.delivery_id IS NULL OR (first.known_from, l.delivery_id) > (own.known_from, p_delivery)
    FROM landing.load AS l
    LEFT JOIN LATERAL (
        SELECT min(o.known_from) AS known_from FROM landing.load AS o WHERE o.delivery_id = l.delivery_id
    ) AS first ON true
    CROSS JOIN LATERAL (
        SELECT min(o.known_from) AS known_from FROM landing.load AS o WHERE o.delivery_id = p_delivery
    ) AS own
    WHERE l.load_id = p_load
$$;

CREATE FUNCTION warehouse.price_rank(p_instrument integer, p_source smallint, p_basis "char") RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    -- Smaller stands: a person's correction, then the better basis (raw gives every adjustment), then the
    -- instrument's order of providers, then the rest in order of first use.
    SELECT CASE WHEN s.source = 'correction' THEN 0
        ELSE position(p_basis::text IN 'rsa') * 100000
            + coalesce(array_position(i.providers, s.source) * 100, 10000 + p_source) END
    FROM warehouse.dim_instrument AS i, warehouse.dim_source AS s
    WHERE i.instrument_id = p_instrument AND s.source_id = p_source
$$;
