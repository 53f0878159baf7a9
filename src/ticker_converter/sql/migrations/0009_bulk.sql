-- What a bulk load looks up.

CREATE INDEX load_given ON landing.load (load_id) WHERE recorded_at - known_from > interval '1 minute';
COMMENT ON INDEX landing.load_given IS 'The few loads whose knowledge time a person gave.';
