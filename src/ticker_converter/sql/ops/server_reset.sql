-- Take a setting out of postgresql.auto.conf.
-- params: none
-- returns: none
ALTER SYSTEM RESET {name}
