-- Give a database another name.
-- params: none
-- returns: none
ALTER DATABASE {name} RENAME TO {to}
