-- Recompute which codes are one money: through redenominations to the newest code, then its changeover.
-- params: none
-- returns: none
WITH RECURSIVE up (code, canonical, per) AS (
    SELECT code, code, 1::numeric FROM warehouse.dim_currency
    UNION ALL
    SELECT up.code, l.new, up.per * l.factor
    FROM up
    JOIN warehouse.legal_factor AS l ON l.old = up.canonical AND l.kind = 'redenomination'
),
newest AS (
    SELECT DISTINCT ON (code) code, canonical, per FROM up ORDER BY code, per DESC, canonical <> code DESC
),
family AS (
    SELECT n.code, n.canonical, n.per, own.effective AS retired_on, c.new AS successor, c.factor AS successor_per,
        c.effective AS successor_on
    FROM newest AS n
    LEFT JOIN warehouse.legal_factor AS own ON own.old = n.code
    LEFT JOIN warehouse.legal_factor AS c ON c.old = n.canonical AND c.kind = 'changeover'
)
INSERT INTO mart.currency_family AS m (code, canonical, per, retired_on, successor, successor_per, successor_on)
SELECT code, canonical, per, retired_on, successor, successor_per, successor_on FROM family
ON CONFLICT (code) DO UPDATE
SET canonical = excluded.canonical, per = excluded.per, retired_on = excluded.retired_on,
    successor = excluded.successor, successor_per = excluded.successor_per, successor_on = excluded.successor_on
WHERE (m.*) IS DISTINCT FROM (excluded.*)
