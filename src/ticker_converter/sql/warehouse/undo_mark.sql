-- Mark a run as taken back; no row if there is no such run, it is not over, it read no payload, or it was taken back before.
-- params: run_id, undone_by
-- returns: command
UPDATE landing.run SET undone_by = %(undone_by)s
WHERE run_id = %(run_id)s AND undone_by IS NULL AND finished_at IS NOT NULL
    AND run_id IN (SELECT l.run_id FROM landing.load AS l WHERE l.kind IN ('load', 'replay'))
RETURNING command
