-- Which of two statements about one bar stands.

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
