-- Open a run.
-- params: command, arguments
-- returns: run_id
INSERT INTO landing.run (command, arguments) VALUES (%(command)s, %(arguments)s) RETURNING run_id
