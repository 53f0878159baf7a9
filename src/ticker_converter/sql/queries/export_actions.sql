-- Splits, spin-offs and dividends as known now: new per old, or an amount in a unit.
-- params: none
-- returns: symbol, kind, ex_date, type, pay_date, new, old, amount, unit, provider, scale
COPY (
    SELECT i.symbol, a.kind, a.ex_date, nullif(a.type, '') AS type, nullif(a.pay_date, 'infinity') AS pay_date, a.new, a.old,
        a.amount, u.unit, s.source AS provider, greatest(scale(a.new), scale(a.old), scale(a.amount)) AS scale
    FROM mart.corporate_action AS a
    JOIN mart.instrument AS i USING (instrument_id)
    JOIN mart.source AS s USING (source_id)
    LEFT JOIN mart.price_unit AS u USING (unit_id)
    WHERE a.known_to = 'infinity'
    ORDER BY i.symbol, a.ex_date, a.kind
) TO STDOUT (FORMAT csv, HEADER)
