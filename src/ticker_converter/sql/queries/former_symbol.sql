-- What an instrument is called now that once bore this symbol, and the last day on which it did; the latest first.
-- params: symbol
-- returns: now, until
SELECT f.now, f.until FROM mart.former_symbol AS f WHERE f.symbol = %(symbol)s ORDER BY f.until DESC LIMIT 1
