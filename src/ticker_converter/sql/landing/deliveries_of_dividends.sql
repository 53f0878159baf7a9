-- The deliveries that brought an instrument's dividends from a day on (null: always), oldest first.
-- params: instrument_id, valid_from
-- returns: delivery_id
SELECT DISTINCT l.delivery_id
FROM warehouse.fact_corporate_action AS f
JOIN landing.load AS l USING (load_id)
JOIN landing.delivery AS d USING (delivery_id)
WHERE f.instrument_id = %(instrument_id)s AND f.kind = 'dividend' AND d.state = 'loaded'
    AND f.ex_date >= coalesce(%(valid_from)s::date, '-infinity')
ORDER BY l.delivery_id
