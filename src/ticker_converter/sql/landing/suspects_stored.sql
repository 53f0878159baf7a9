-- The ends of series that were staged to be walked are stored bars like those between them: they can be held back.
-- params: none
-- returns: none
UPDATE pg_temp.walked SET row_no = NULL WHERE row_no IS NOT NULL
