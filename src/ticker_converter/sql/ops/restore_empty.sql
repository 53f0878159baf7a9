-- Take out what migrations put into these tables.
-- params: none
-- returns: none
TRUNCATE {tables}
