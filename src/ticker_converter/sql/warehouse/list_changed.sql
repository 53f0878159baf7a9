-- Record a change of the list; a null `change`: no longer watched.
-- params: symbol, change
-- returns: none
INSERT INTO landing.list_change (symbol, change) VALUES (%(symbol)s, %(change)s)
