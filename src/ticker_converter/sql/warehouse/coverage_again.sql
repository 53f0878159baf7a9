-- Count anew what is stored of the instruments whose bars were just taken away.
-- params: none
-- returns: none
WITH touched AS (
    SELECT DISTINCT instrument_id FROM pg_temp.stage_price
),
counted AS (
    SELECT t.instrument_id, min(f.session) AS first, max(f.session) AS last, count(f.session) AS bars
    FROM touched AS t
    LEFT JOIN warehouse.fact_price AS f USING (instrument_id)
    GROUP BY t.instrument_id
),
empty AS (
    DELETE FROM warehouse.coverage AS c USING counted AS n
    WHERE c.instrument_id = n.instrument_id AND n.bars = 0
)
UPDATE warehouse.coverage AS c
SET first_session = n.first, last_session = n.last, bars = n.bars
FROM counted AS n
WHERE c.instrument_id = n.instrument_id AND n.bars > 0
