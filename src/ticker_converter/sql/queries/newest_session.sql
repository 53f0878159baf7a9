-- The newest session that is stored of any instrument on the watch list.
-- params: none
-- returns: session
SELECT max(last_session) FROM mart.instrument WHERE watched
