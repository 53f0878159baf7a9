-- One currency as this release knows it.
-- params: code, name, minor_digits, valid_from, valid_to
-- returns: none
INSERT INTO warehouse.dim_currency AS c (code, name, minor_digits, valid_from, valid_to)
VALUES (
    %(code)s, %(name)s, nullif(%(minor_digits)s, '')::smallint, nullif(%(valid_from)s, '')::date,
    nullif(%(valid_to)s, '')::date
)
ON CONFLICT (code) DO UPDATE
SET name = excluded.name, minor_digits = excluded.minor_digits, valid_from = excluded.valid_from,
    valid_to = excluded.valid_to
WHERE (c.name, c.minor_digits, c.valid_from, c.valid_to)
    IS DISTINCT FROM (excluded.name, excluded.minor_digits, excluded.valid_from, excluded.valid_to)
