-- Note how a provider's quota stands.
-- params: provider, standing
-- returns: none
INSERT INTO ops.quota (provider, standing) VALUES (%(provider)s, %(standing)s)
ON CONFLICT (provider) DO UPDATE SET standing = excluded.standing, noted_at = clock_timestamp()
