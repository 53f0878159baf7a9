-- Bars whose own fields differ as two units would: by 75 to 133 or by 750 to 1333 times.
-- params: none
-- returns: row_no, evidence
SELECT row_no, jsonb_build_object('open', open, 'high', high, 'low', low, 'close', close, 'ratio', round(r.ratio, 2))
FROM pg_temp.suspect_price
CROSS JOIN LATERAL (
    SELECT greatest(open, high, low, close) / nullif(least(open, high, low, close), 0) AS ratio
) AS r
WHERE (high >= 75 * low OR open >= 75 * low OR high >= 75 * open OR high >= 75 * close OR close >= 75 * low)
    AND (r.ratio BETWEEN 75 AND 133 OR r.ratio BETWEEN 750 AND 1333)
