-- Coverage of the instruments from which bars were just withdrawn.
-- params: none
-- returns: none
WITH touched AS (
    SELECT DISTINCT instrument_id FROM pg_temp.walked WHERE held AND row_no IS NULL AND quarantine_id IS NULL
),
gone AS (
    DELETE FROM warehouse.coverage AS c
    USING touched AS t
    WHERE c.instrument_id = t.instrument_id
        AND NOT EXISTS (SELECT FROM warehouse.fact_price AS f WHERE f.instrument_id = t.instrument_id)
)
UPDATE warehouse.coverage AS c
SET first_session = n.first, last_session = n.last, bars = n.bars
FROM (
    SELECT f.instrument_id, min(f.session) AS first, max(f.session) AS last, count(*) AS bars
    FROM warehouse.fact_price AS f
    JOIN touched USING (instrument_id)
    GROUP BY f.instrument_id
) AS n
WHERE c.instrument_id = n.instrument_id
