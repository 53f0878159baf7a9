-- Go on with a sequence where the backup's had come to.
-- params: sequence, value
-- returns: value
SELECT setval(%(sequence)s::regclass, %(value)s)
