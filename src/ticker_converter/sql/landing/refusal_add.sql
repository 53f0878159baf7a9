-- Remember what a provider refused for good.
-- params: provider, key_id, kind, subject, days, run_id, message
-- returns: none
INSERT INTO landing.refusal (provider, key_id, kind, subject, until, run_id, message)
VALUES (
    %(provider)s, %(key_id)s, %(kind)s, %(subject)s, clock_timestamp() + %(days)s * interval '1 day', %(run_id)s,
    %(message)s
)
ON CONFLICT (provider, key_id, kind, subject) DO UPDATE
SET refused_at = clock_timestamp(), until = excluded.until, run_id = excluded.run_id, message = excluded.message
