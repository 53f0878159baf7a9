-- Count one call.
-- params: provider, key_id, run_id, request
-- returns: none
INSERT INTO landing.quota_use (provider, key_id, run_id, request)
VALUES (%(provider)s, %(key_id)s, %(run_id)s, %(request)s)
