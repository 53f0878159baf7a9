-- The walk along one instrument's closes that the rule unit_jump makes.

CREATE TYPE landing.unit_walk AS (
    accepted numeric, accepted_at bigint, last_held numeric, last_held_at bigint, held boolean, against numeric
);

CREATE FUNCTION landing.unit_step(ratio numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
RETURN CASE
    WHEN ratio BETWEEN 75 AND 133 THEN 100
    WHEN ratio BETWEEN 750 AND 1333 THEN 1000
    WHEN ratio <= 0 THEN NULL
    WHEN 1 / ratio BETWEEN 75 AND 133 THEN 0.01
    WHEN 1 / ratio BETWEEN 750 AND 1333 THEN 0.001
END;
COMMENT ON FUNCTION landing.unit_step IS 'The change of unit that a ratio of two closes looks like; null: none.';

CREATE FUNCTION landing.unit_level_step(
    state landing.unit_walk, level numeric, at bigint, forced boolean
) RETURNS landing.unit_walk
LANGUAGE plpgsql IMMUTABLE
AS $$
-- A close is held when it jumps against the last accepted one (10 sessions back at most), or, past that, when it goes on
-- from the last held one without a jump. `forced` tells what was decided before: stored (false) or held (true).
DECLARE
    held boolean;
    against numeric := state.accepted;
BEGIN
    held := CASE
        WHEN forced IS NOT NULL THEN forced
        WHEN at - state.accepted_at <= 10 THEN landing.unit_step(level / state.accepted) IS NOT NULL
        WHEN at - state.last_held_at <= 10 THEN landing.unit_step(level / state.last_held) IS NULL
        ELSE false
    END;
    IF held THEN
        RETURN ROW(state.accepted, state.accepted_at, level, at, true, against)::landing.unit_walk;
    END IF;
    RETURN ROW(level, at, NULL, NULL, false, against)::landing.unit_walk;
END
$$;

CREATE AGGREGATE landing.unit_level (level numeric, at bigint, forced boolean) (
    sfunc = landing.unit_level_step, stype = landing.unit_walk, initcond = '(,,,,,)'
);

CREATE FUNCTION landing.row_key(kind text, source_id smallint, content jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN md5(kind || ':' || source_id || ':' || content::text);
COMMENT ON FUNCTION landing.row_key IS 'What a row says and who says it.';
