-- The first and the last session stored of any of these symbols.
-- params: symbols
-- returns: first, last
SELECT min(i.first_session), max(i.last_session) FROM mart.instrument AS i WHERE i.symbol = ANY (%(symbols)s::text[])
