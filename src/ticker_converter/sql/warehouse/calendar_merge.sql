-- Bring an exchange's sessions to what was staged; those a person admitted stay.
-- params: mic
-- returns: none
WITH gone AS (
    DELETE FROM warehouse.dim_date AS d
    WHERE d.mic = %(mic)s AND NOT d.admitted
        AND NOT EXISTS (SELECT FROM pg_temp.stage_session AS s WHERE s.session = d.session)
)
INSERT INTO warehouse.dim_date AS d (mic, session, closes_at)
SELECT %(mic)s, s.session, s.closes_at FROM pg_temp.stage_session AS s
ON CONFLICT (mic, session) DO UPDATE SET closes_at = excluded.closes_at, admitted = false
WHERE d.closes_at IS DISTINCT FROM excluded.closes_at OR d.admitted
