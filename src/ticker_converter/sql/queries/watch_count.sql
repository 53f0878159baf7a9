-- How many watched instruments there are, or have a text in their symbol or name.
-- params: found
-- returns: instruments
SELECT count(*) FROM mart.instrument AS i
WHERE i.watched AND (%(found)s::text IS NULL OR position(upper(%(found)s) IN upper(i.symbol)) > 0
    OR position(upper(%(found)s) IN upper(coalesce(i.name, ''))) > 0)
