-- One peg: while it holds, one anchor is `rate` of the currency.
-- params: currency, anchor, rate, valid_from, valid_to, source
-- returns: none
INSERT INTO warehouse.peg AS p (currency, anchor, rate, valid_from, valid_to, source)
VALUES (
    %(currency)s, %(anchor)s, %(rate)s::numeric, %(valid_from)s::date, nullif(%(valid_to)s, '')::date, %(source)s
)
ON CONFLICT (currency, valid_from) DO UPDATE
SET anchor = excluded.anchor, rate = excluded.rate, valid_to = excluded.valid_to, source = excluded.source
