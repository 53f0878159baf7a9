-- Who did what: an append-only trail, chained by hashes, filled by triggers so that no act can forget it.

---------------------------------------------------------------------------------------------------------------
-- The trail
---------------------------------------------------------------------------------------------------------------

CREATE TABLE audit.event (
    event_id bigint PRIMARY KEY CHECK (event_id > 0),
    at timestamptz NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    act text NOT NULL CHECK (act ~ '^[a-z_]+(\.[a-z_]+)*$'),
    subject text,
    detail jsonb NOT NULL,
    before_sha256 bytea CHECK (octet_length(before_sha256) = 32),
    after_sha256 bytea CHECK (octet_length(after_sha256) = 32),
    origin text,
    request_id text,
    previous bytea NOT NULL CHECK (octet_length(previous) = 32),
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32)
);
CREATE INDEX event_at ON audit.event (at);
CREATE INDEX event_request ON audit.event (request_id) WHERE request_id IS NOT NULL;
COMMENT ON TABLE audit.event IS 'Append-only. Numbers have no gap; each row holds the hash of the one before.';
COMMENT ON COLUMN audit.event.actor IS
    'Who the program says did it: user:ID (the name is in access.users alone), key and its id, or a login of the host.';
COMMENT ON COLUMN audit.event.role IS 'Who the database knows did it: the role that was logged in.';
COMMENT ON COLUMN audit.event.subject IS 'What it was done to: user:ID, key:ID, request:ID, run:ID, a symbol.';
COMMENT ON COLUMN audit.event.before_sha256 IS 'Of the row as jsonb text, before; null: there was none, or it is no row.';
COMMENT ON COLUMN audit.event.origin IS 'The network it came from: an address without its last part, or the process.';
COMMENT ON COLUMN audit.event.sha256 IS 'SHA-256 of all other columns, as audit.text_of spells them.';

CREATE TABLE audit.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    event_id bigint NOT NULL,
    sha256 bytea NOT NULL
);
INSERT INTO audit.head (event_id, sha256) VALUES (0, sha256('ticker-converter audit'));
COMMENT ON TABLE audit.head IS 'The newest event and its hash; backups carry a copy, against which a cut tail shows.';

-- What was done in transactions that have not ended: chained when they commit, so that a long one holds nobody up.
CREATE TABLE audit.noted (
    note_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL,
    role text NOT NULL,
    act text NOT NULL,
    subject text,
    detail jsonb NOT NULL,
    before_sha256 bytea,
    after_sha256 bytea,
    origin text,
    request_id text
);
COMMENT ON TABLE audit.noted IS 'Empty for everyone but the transaction that writes to it.';

CREATE FUNCTION audit.text_of(e audit.event) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Each column as its length in bytes, a colon and its text; a null is -. So no two rows spell alike.
    SELECT string_agg(coalesce(octet_length(convert_to(c.part, 'UTF8')) || ':' || c.part, '-'), '' ORDER BY c.number)
    FROM unnest(ARRAY[
        e.event_id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.actor, e.role, e.act,
        e.subject, e.detail::text, encode(e.before_sha256, 'hex'), encode(e.after_sha256, 'hex'), e.origin,
        e.request_id, encode(e.previous, 'hex')
    ]) WITH ORDINALITY AS c (part, number)
$$;

CREATE FUNCTION audit.chained() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    e audit.event;
BEGIN
    -- The row lock is held from here to the end of the commit: events are numbered in the order of the commits.
    SELECT h.event_id + 1, h.sha256 INTO STRICT e.event_id, e.previous FROM audit.head AS h FOR UPDATE;
    e.at := NEW.at; e.actor := NEW.actor; e.role := NEW.role; e.act := NEW.act; e.subject := NEW.subject;
    e.detail := NEW.detail; e.before_sha256 := NEW.before_sha256; e.after_sha256 := NEW.after_sha256;
    e.origin := NEW.origin; e.request_id := NEW.request_id;
    e.sha256 := sha256(convert_to(audit.text_of(e), 'UTF8'));
    INSERT INTO audit.event SELECT e.*;
    UPDATE audit.head SET event_id = e.event_id, sha256 = e.sha256;
    DELETE FROM audit.noted WHERE note_id = NEW.note_id;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER chained AFTER INSERT ON audit.noted DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION audit.chained();

CREATE FUNCTION audit.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'audit.event is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.event
FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse();

---------------------------------------------------------------------------------------------------------------
-- Noting
---------------------------------------------------------------------------------------------------------------

-- A user's name becomes user:ID, so that the trail need not change when a person's name must be forgotten.
CREATE FUNCTION audit.who(name text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT 'user:' || u.user_id FROM access.users AS u WHERE u.name = who.name), who.name)
$$;

CREATE FUNCTION audit.note(
    act text, subject text DEFAULT NULL, detail jsonb DEFAULT '{}', before_sha256 bytea DEFAULT NULL,
    after_sha256 bytea DEFAULT NULL, actor text DEFAULT NULL
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO audit.noted (actor, role, act, subject, detail, before_sha256, after_sha256, origin, request_id)
    SELECT audit.who(coalesce(
            note.actor, nullif(current_setting('ticker.actor', true), ''), 'role ' || session_user
        )),
        session_user, note.act, note.subject, note.detail, note.before_sha256, note.after_sha256,
        nullif(current_setting('ticker.origin', true), ''), nullif(current_setting('ticker.request_id', true), '')
$$;

-- Arguments: what the row is, its key's column, and columns whose text must not be kept (their change is).
CREATE FUNCTION audit.row_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    now jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    hidden text[] := string_to_array(TG_ARGV[2], ',');
    changed text[] := ARRAY(
        SELECT k FROM jsonb_object_keys(coalesce(now, was)) AS k WHERE was -> k IS DISTINCT FROM now -> k ORDER BY k
    );
BEGIN
    PERFORM audit.note(
        TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '.added' WHEN 'DELETE' THEN '.deleted' ELSE '.changed' END,
        TG_ARGV[0] || ':' || (coalesce(now, was) ->> TG_ARGV[1]),
        jsonb_build_object('changed', to_jsonb(changed), 'now', now - hidden),
        sha256(convert_to(was::text, 'UTF8')), sha256(convert_to(now::text, 'UTF8'))
    );
    RETURN NULL;
END
$$;

CREATE TRIGGER audited AFTER INSERT OR DELETE OR UPDATE ON access.users
FOR EACH ROW EXECUTE FUNCTION audit.row_changed('user', 'user_id', 'password,name');
CREATE TRIGGER audited AFTER INSERT OR DELETE ON access.api_key
FOR EACH ROW EXECUTE FUNCTION audit.row_changed('key', 'key_id', 'sha256,name');
-- Not its last use, which changes every minute.
CREATE TRIGGER audited_change
AFTER UPDATE OF key_id, sha256, name, user_id, scopes, created_at, expires_at, revoked_at ON access.api_key
FOR EACH ROW EXECUTE FUNCTION audit.row_changed('key', 'key_id', 'sha256,name');

CREATE FUNCTION audit.session_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM audit.note(
        CASE TG_OP WHEN 'INSERT' THEN 'login' ELSE 'session.revoked' END, 'user:' || NEW.user_id,
        jsonb_build_object('family', NEW.family_id, 'scopes', to_jsonb(NEW.scopes)), actor => 'user:' || NEW.user_id
    );
    RETURN NULL;
END
$$;
CREATE TRIGGER audited AFTER INSERT ON access.refresh_family
FOR EACH ROW EXECUTE FUNCTION audit.session_changed();
CREATE TRIGGER audited_change AFTER UPDATE OF revoked_at ON access.refresh_family
FOR EACH ROW WHEN (old.revoked_at IS NULL AND new.revoked_at IS NOT NULL) EXECUTE FUNCTION audit.session_changed();

CREATE FUNCTION audit.signed_in() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM audit.note(
        CASE TG_OP WHEN 'INSERT' THEN 'login' ELSE 'logout' END, 'user:' || NEW.user_id, '{"page": true}',
        actor => 'user:' || NEW.user_id
    );
    RETURN NULL;
END
$$;
CREATE TRIGGER audited AFTER INSERT ON access.session FOR EACH ROW EXECUTE FUNCTION audit.signed_in();
CREATE TRIGGER audited_change AFTER UPDATE OF ended_at ON access.session
FOR EACH ROW WHEN (old.ended_at IS NULL AND new.ended_at IS NOT NULL) EXECUTE FUNCTION audit.signed_in();

CREATE FUNCTION audit.asked() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM audit.note('request.' || NEW.act, 'request:' || NEW.request_id, NEW.arguments, actor => NEW.author);
    RETURN NULL;
END
$$;
CREATE TRIGGER audited AFTER INSERT ON ops.request FOR EACH ROW EXECUTE FUNCTION audit.asked();

-- A correction, a release, an answer to a held row, an edit, a run taken back: landing.load says it in words.
CREATE FUNCTION audit.acted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM audit.note(
        'act.' || (NEW.act ->> 'act'),
        coalesce(NEW.act ->> 'symbol', 'run:' || (NEW.act ->> 'run_id'), 'load:' || NEW.load_id),
        jsonb_build_object('load', NEW.load_id, 'run', NEW.run_id, 'reason', NEW.reason, 'told', NEW.act),
        sha256(convert_to(OLD.act::text, 'UTF8')), sha256(convert_to(NEW.act::text, 'UTF8')),
        coalesce(nullif(current_setting('ticker.actor', true), ''), NEW.author)
    );
    RETURN NULL;
END
$$;
CREATE TRIGGER audited AFTER UPDATE OF act ON landing.load
FOR EACH ROW WHEN (new.act IS NOT NULL AND old.act IS DISTINCT FROM new.act) EXECUTE FUNCTION audit.acted();

-- The X-Request-ID goes along: from the web server's log to the request, its run and every event of it.
ALTER TABLE ops.request ADD COLUMN asked_as text DEFAULT nullif(current_setting('ticker.request_id', true), '');
COMMENT ON COLUMN ops.request.asked_as IS 'The X-Request-ID of the HTTP request that asked.';
ALTER TABLE landing.run ADD COLUMN asked_as text DEFAULT nullif(current_setting('ticker.request_id', true), '');
COMMENT ON COLUMN landing.run.asked_as IS 'The X-Request-ID of the HTTP request, or the id of the scheduler''s run, that asked.';
CREATE INDEX run_asked_as ON landing.run (asked_as) WHERE asked_as IS NOT NULL;

---------------------------------------------------------------------------------------------------------------
-- Rights
---------------------------------------------------------------------------------------------------------------

REVOKE ALL ON ALL TABLES IN SCHEMA audit FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO ticker_web;
GRANT SELECT ON audit.event TO ticker_web;
GRANT EXECUTE ON FUNCTION audit.note(text, text, jsonb, bytea, bytea, text) TO ticker_web;
