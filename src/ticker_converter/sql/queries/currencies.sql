-- Currencies with their lives, what became of them and what is stored of them.
-- params: none
-- returns: code, name, valid_from, valid_to, successor, factor, effective, peg, peg_rate, sources
SELECT c.code, c.name, c.valid_from, c.valid_to, l.new AS successor, l.factor, l.effective, p.anchor AS peg,
    p.rate AS peg_rate, coalesce(r.sources, '[]') AS sources
FROM mart.currency AS c
LEFT JOIN mart.legal_factor AS l ON l.old = c.code
LEFT JOIN mart.peg AS p ON p.currency = c.code AND p.valid_to IS NULL
LEFT JOIN (
    SELECT x.code, jsonb_agg(jsonb_build_object('source', x.source, 'first', x.first, 'last', x.last, 'rates', x.rates)
        ORDER BY x.source) AS sources
    FROM (
        SELECT v.code, k.source, min(k.first) AS first, max(k.last) AS last, sum(k.rates) AS rates
        FROM mart.rate_coverage AS k
        CROSS JOIN LATERAL (VALUES (k.base), (k.quote)) AS v (code)
        GROUP BY v.code, k.source
    ) AS x
    GROUP BY x.code
) AS r ON r.code = c.code
ORDER BY c.code
