-- What providers have refused for good and is not asked for yet.
-- params: none
-- returns: provider, key_id, kind, subject, refused_at, until, message
SELECT provider, key_id, kind, subject, refused_at, until, message FROM landing.refusal WHERE until > clock_timestamp()
