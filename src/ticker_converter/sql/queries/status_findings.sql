-- How many findings there are: what looks odd and was kept.
-- params: none
-- returns: findings
SELECT count(*) AS findings FROM mart.finding
