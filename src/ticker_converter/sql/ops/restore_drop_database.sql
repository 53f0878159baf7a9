-- Take away a database that was not restored to its end.
-- params: none
-- returns: none
DROP DATABASE IF EXISTS {name} WITH (FORCE)
