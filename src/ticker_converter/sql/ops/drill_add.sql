-- Record a drill and how it went.
-- params: backup_id, started_at, passed, recovery_seconds, loss_seconds, tables, rows, questions, differences
-- returns: drill_id
INSERT INTO ops.drill (
    backup_id, started_at, passed, recovery_seconds, loss_seconds, tables, rows, questions, differences
)
VALUES (
    %(backup_id)s, %(started_at)s, %(passed)s, %(recovery_seconds)s, %(loss_seconds)s, %(tables)s, %(rows)s,
    %(questions)s, %(differences)s
)
RETURNING drill_id
