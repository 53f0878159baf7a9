-- The newest event's number and hash; 0 and a fixed hash before the first.
-- params: none
-- returns: event_id, sha256
SELECT h.event_id, h.sha256 FROM audit.head AS h
