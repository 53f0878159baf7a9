-- Record what a provider calls an instrument from a day on (null: always) to a day (null: still).
-- params: instrument_id, provider, symbol, valid_from, valid_to
-- returns: none
INSERT INTO warehouse.instrument_symbol (instrument_id, provider, symbol, valid_from, valid_to)
VALUES (%(instrument_id)s, %(provider)s, %(symbol)s, coalesce(%(valid_from)s::date, '-infinity'),
    coalesce(%(valid_to)s::date, 'infinity'))
ON CONFLICT (provider, symbol, valid_from) DO UPDATE SET valid_to = excluded.valid_to
