-- Which transactions are committed here: the snapshot, and whether none that may write was under way.
-- params: none
-- returns: snapshot, quiet
SELECT pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot()) = pg_snapshot_xmax(pg_current_snapshot())
