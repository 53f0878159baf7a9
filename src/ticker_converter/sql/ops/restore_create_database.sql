-- An empty database to restore into.
-- params: none
-- returns: none
CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'
