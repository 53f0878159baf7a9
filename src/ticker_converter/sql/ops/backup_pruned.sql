-- Note that a backup was deleted.
-- params: id
-- returns: none
UPDATE ops.backup SET pruned_at = clock_timestamp() WHERE backup_id = %(id)s
