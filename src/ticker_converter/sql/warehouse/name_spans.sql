-- When the canonical names that changed hands or ended begin and end.
-- params: none
-- returns: symbol, valid_from, valid_to
SELECT s.symbol, nullif(s.valid_from, '-infinity'), nullif(s.valid_to, 'infinity')
FROM warehouse.instrument_symbol AS s
WHERE s.provider = 'files' AND (isfinite(s.valid_from) OR isfinite(s.valid_to))
