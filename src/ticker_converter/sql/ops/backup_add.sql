-- Record a backup that is kept.
-- params: id, kind, location, bytes, sha256, snapshot_at, migration, encrypted
-- returns: none
INSERT INTO ops.backup (backup_id, kind, location, bytes, sha256, snapshot_at, migration, encrypted)
VALUES (%(id)s, %(kind)s, %(location)s, %(bytes)s, %(sha256)s, %(snapshot_at)s, %(migration)s, %(encrypted)s)
ON CONFLICT (backup_id) DO NOTHING
