-- Record a migration as applied.
-- params: number, name, sha256
-- returns: none
INSERT INTO ops.migration (number, name, sha256) VALUES (%(number)s, %(name)s, %(sha256)s)
