-- Note that pgBackRest removed a backup.
-- params: id
-- returns: none
UPDATE ops.backup SET pruned_at = clock_timestamp() WHERE backup_id = %(id)s AND pruned_at IS NULL
