-- Forget the standing of providers that are asked no more.
-- params: providers
-- returns: none
DELETE FROM ops.quota WHERE provider <> ALL (%(providers)s)
