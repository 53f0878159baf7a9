-- Less work per converted price: how many decimals a price of 1 or more has is told by three comparisons.

CREATE OR REPLACE FUNCTION mart.money(x numeric) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN trim_scale(round(x, CASE
        WHEN x >= 10 THEN CASE WHEN x >= 1000 THEN 6 WHEN x >= 100 THEN 7 ELSE 8 END
        WHEN x >= 1 THEN 9
        WHEN abs(x) >= 1000 THEN 6 WHEN abs(x) >= 100 THEN 7 WHEN abs(x) >= 10 THEN 8 WHEN abs(x) >= 1 THEN 9
        WHEN x = 0 THEN 6
        ELSE 9 - mart.exponent(x)
    END));
