-- How the quotas stood when a worker last noted it.
-- params: none
-- returns: standing, noted_at
SELECT standing, noted_at FROM ops.quota ORDER BY provider
