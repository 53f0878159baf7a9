-- Who asks for a symbol of before a rename is told the new one.

CREATE VIEW mart.former_symbol AS
SELECT n.symbol, i.symbol AS now, n.valid_to AS until
FROM warehouse.instrument_symbol AS n
JOIN warehouse.dim_instrument AS i USING (instrument_id)
WHERE n.provider = 'files' AND n.valid_to < 'infinity' AND n.symbol <> i.symbol;

COMMENT ON VIEW mart.former_symbol IS 'Canonical symbols that an instrument bore until a day, and the one it bears now.';
