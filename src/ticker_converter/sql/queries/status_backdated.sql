-- Imports with a knowledge time of their own: they may have changed past answers.
-- params: none
-- returns: run_id, known_from, recorded_at
SELECT run_id, known_from, recorded_at FROM mart.backdated ORDER BY load_id
