-- The parts of a publication from which a sample is drawn: companies and people, with and without an answer, by
-- probability. All live records that no person decided, with their place in the random order of their part: the order
-- of a hash of the run and the record, so that the same run always gives the same sample.
-- in: mapping, unmatched
-- values: $run TEXT, $most BIGINT
WITH answered AS (
    SELECT m.object, m.crm_id, m.entity_id,
        CAST(coalesce(m.probability, u.best_probability, 0) * 1000000 AS BIGINT) AS p
    FROM mapping m
    LEFT JOIN unmatched u ON u.object = m.object AND u.crm_id = m.crm_id
    WHERE m.status IN ('matched', 'duplicate', 'unmatched') AND m.decision_seq IS NULL
),
placed AS (
    SELECT *,
        CASE WHEN object = 'Account' THEN 0 ELSE 6 END + CASE
            WHEN entity_id IS NOT NULL THEN CASE WHEN p >= 990000 THEN 1 WHEN p >= 900000 THEN 2 ELSE 3 END
            ELSE CASE WHEN p >= 100000 THEN 4 WHEN p > 0 THEN 5 ELSE 6 END
        END AS stratum
    FROM answered
),
drawn AS (
    SELECT *, count(*) OVER (PARTITION BY stratum) AS records,
        row_number() OVER (PARTITION BY stratum ORDER BY sha256($run || ' ' || object || ' ' || crm_id), crm_id) AS place
    FROM placed
)
SELECT stratum, records, place, object, crm_id, coalesce(entity_id, ''), p
FROM drawn
WHERE place <= $most
ORDER BY stratum, place
