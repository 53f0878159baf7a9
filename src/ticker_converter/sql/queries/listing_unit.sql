-- The unit of an instrument's last bar as known at a time: what it is listed in, whatever an edit has made of it since.
-- params: instrument_id, known_at
-- returns: unit, currency
SELECT u.unit, u.currency
FROM mart.bar_until(%(instrument_id)s, 'infinity', NULL, 0, %(known_at)s::timestamptz) AS b
JOIN mart.price_unit AS u USING (unit_id)
