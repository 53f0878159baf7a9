-- The applied migrations.
-- params: none
-- returns: number, sha256
SELECT number, sha256 FROM ops.migration ORDER BY number
