-- End what a provider calls an instrument the day before a new name begins; what would begin later is replaced by it.
-- params: instrument_id, provider, valid_from
-- returns: none
WITH replaced AS (
    DELETE FROM warehouse.instrument_symbol AS s
    WHERE s.instrument_id = %(instrument_id)s AND s.provider = %(provider)s
        AND s.valid_from >= coalesce(%(valid_from)s::date, '-infinity')
)
UPDATE warehouse.instrument_symbol AS s
SET valid_to = %(valid_from)s::date - 1
WHERE s.instrument_id = %(instrument_id)s AND s.provider = %(provider)s
    AND s.valid_from < coalesce(%(valid_from)s::date, '-infinity') AND s.valid_to >= %(valid_from)s::date
