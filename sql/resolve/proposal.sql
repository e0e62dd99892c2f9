-- What each live record proposes before records compete: the entity a person decided, else its best candidate at or
-- above the threshold. Vetoed candidates are left out and the others share their probability: p' = p / (1 - vetoed).
-- Probabilities are counted in millionths, as integers, so that they do not depend on an order of summing.
-- in: candidate, standing, verdict, redirected
-- out: proposal
-- values: $threshold BIGINT
WITH veto AS (
    SELECT object, crm_id, unnest(vetoed) AS entity_id FROM verdict
),
entity AS (
    SELECT c.object, c.crm_id, coalesce(r.new_id, c.entity_id) AS entity_id,
        max(c.weight) AS weight, sum(CAST(c.probability * 1000000 AS BIGINT)) AS p
    FROM candidate c
    LEFT JOIN redirected r ON r.old_id = c.entity_id
    GROUP BY ALL
),
ranked AS (
    SELECT e.object, e.crm_id,
        list(struct_pack(id := e.entity_id, weight := e.weight, p := e.p) ORDER BY e.weight DESC, e.entity_id)
            FILTER (v.entity_id IS NULL) AS rest,
        list(struct_pack(id := e.entity_id, weight := e.weight, p := e.p) ORDER BY e.weight DESC, e.entity_id)
            FILTER (v.entity_id IS NOT NULL) AS vetoed,
        CAST(1000000 - coalesce(sum(e.p) FILTER (v.entity_id IS NOT NULL), 0) AS BIGINT) AS mass
    FROM entity e
    LEFT JOIN veto v ON v.object = e.object AND v.crm_id = e.crm_id AND v.entity_id = e.entity_id
    GROUP BY e.object, e.crm_id
),
conditional AS (
    SELECT object, crm_id, rest, vetoed, rest[1] AS best, rest[2] AS second,
        list_transform(rest, lambda c: CASE WHEN mass > 0
            THEN least(1000000, CAST((c.p * 1000000 + mass // 2) // mass AS BIGINT)) ELSE 0::BIGINT END) AS ps
    FROM ranked
),
judged AS (
    SELECT *,
        ps[1] AS p_best,
        coalesce(second.weight = best.weight AND ps[1] + ps[2] >= $threshold, false) AS is_tie
    FROM conditional
),
answer AS (
    SELECT s.object, s.crm_id, v.verdict IS NOT NULL AS decided, v.seq,
        CASE
            WHEN v.verdict IS NOT NULL THEN v.entity_id
            WHEN j.p_best >= $threshold AND NOT j.is_tie THEN j.best.id
        END AS entity_id,
        CASE
            WHEN len(j.vetoed) > 0 AND (j.best IS NULL OR j.vetoed[1].p >= $threshold) THEN 'vetoed'
            WHEN j.is_tie THEN 'tie'
            WHEN j.best IS NOT NULL THEN 'below_threshold'
        END AS reason,
        j.rest, j.ps, j.best, j.second, j.p_best, j.vetoed
    FROM standing s
    LEFT JOIN judged j ON j.object = s.object AND j.crm_id = s.crm_id
    LEFT JOIN verdict v ON v.object = s.object AND v.crm_id = s.crm_id
    WHERE s.standing = 'live' AND (j.crm_id IS NOT NULL OR v.verdict IS NOT NULL)
)
SELECT object, crm_id, entity_id, decided, seq AS decision_seq,
    rest[list_position(list_transform(rest, lambda c: c.id), entity_id)].weight AS weight,
    CAST(CAST(ps[list_position(list_transform(rest, lambda c: c.id), entity_id)] AS DECIMAL(18,0)) / 1000000
        AS DECIMAL(9,6)) AS probability,
    CASE WHEN entity_id IS NULL AND NOT decided THEN reason END AS reason,
    CASE WHEN entity_id IS NULL THEN CASE WHEN reason = 'vetoed' THEN vetoed[1].id ELSE best.id END END AS best_entity_id,
    CASE WHEN entity_id IS NULL THEN CASE WHEN reason = 'vetoed' THEN vetoed[1].weight ELSE best.weight END END AS best_weight,
    CASE WHEN entity_id IS NULL THEN CAST(CAST(CASE WHEN reason = 'vetoed' THEN vetoed[1].p ELSE p_best END AS DECIMAL(18,0))
        / 1000000 AS DECIMAL(9,6)) END AS best_probability,
    CASE WHEN entity_id IS NULL AND NOT decided AND reason = 'tie' THEN second.id END AS second_entity_id
FROM answer
