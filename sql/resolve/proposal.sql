-- What each live record proposes before records compete: the entity a person decided, else its best candidate at or
-- above the threshold. All live records are here, with what decides ties, so that later files need no join for it. Vetoed candidates are left out and the others share their probability: p' = p / (1 - vetoed).
-- Probabilities are counted in millionths, as integers, so that they do not depend on an order of summing.
-- Companies of one group or one name that are the match only together are a collision: nobody tosses a coin.
-- Few records have a veto or a redirected candidate; only theirs are ranked anew, the others keep their rank.
-- in: candidate, standing, verdict, redirected, dir_company
-- out: proposal
-- values: $threshold BIGINT
WITH considered AS MATERIALIZED ( -- read once
    SELECT object, crm_id, rank AS place, entity_id, weight, CAST(probability * 1000000 AS BIGINT) AS p FROM candidate
),
veto AS (
    SELECT object, crm_id, unnest(vetoed) AS entity_id FROM verdict
),
touched AS (
    SELECT object, crm_id FROM veto
    UNION
    SELECT c.object, c.crm_id FROM considered c SEMI JOIN redirected r ON r.old_id = c.entity_id
),
entity AS (
    SELECT c.object, c.crm_id, coalesce(r.new_id, c.entity_id) AS entity_id,
        max(c.weight) AS weight, CAST(sum(c.p) AS BIGINT) AS p
    FROM considered c
    SEMI JOIN touched t ON t.object = c.object AND t.crm_id = c.crm_id
    LEFT JOIN redirected r ON r.old_id = c.entity_id
    GROUP BY ALL
),
judged AS (
    SELECT e.*, v.entity_id IS NOT NULL AS is_vetoed,
        CAST(1000000 - sum(CASE WHEN v.entity_id IS NOT NULL THEN e.p ELSE 0 END)
            OVER (PARTITION BY e.object, e.crm_id) AS BIGINT) AS mass,
        row_number() OVER (PARTITION BY e.object, e.crm_id, v.entity_id IS NOT NULL ORDER BY e.weight DESC, e.entity_id) AS place
    FROM entity e
    LEFT JOIN veto v ON v.object = e.object AND v.crm_id = e.crm_id AND v.entity_id = e.entity_id
),
choice AS NOT MATERIALIZED ( -- each reader filters the few that it needs
    SELECT c.object, c.crm_id, c.place, c.entity_id, c.weight, c.p
    FROM considered c
    ANTI JOIN touched t ON t.object = c.object AND t.crm_id = c.crm_id
    UNION ALL
    SELECT object, crm_id, place, entity_id, weight,
        CASE WHEN mass > 0 THEN least(1000000, (p * 1000000 + mass // 2) // mass) ELSE 0 END
    FROM judged
    WHERE NOT is_vetoed
),
pair AS (
    SELECT coalesce(a.object, v.object) AS object, coalesce(a.crm_id, v.crm_id) AS crm_id,
        a.entity_id, a.weight, a.p,
        CASE WHEN b.weight = a.weight AND a.p + b.p >= $threshold THEN b.entity_id END AS tied_id,
        v.entity_id AS vetoed_id, v.weight AS vetoed_weight, v.p AS vetoed_p
    FROM (SELECT * FROM choice WHERE place = 1) a
    LEFT JOIN (SELECT object, crm_id, entity_id, weight, p FROM choice WHERE place = 2) b ON b.object = a.object AND b.crm_id = a.crm_id
    FULL JOIN (SELECT * FROM judged WHERE is_vetoed AND place = 1) v ON v.object = a.object AND v.crm_id = a.crm_id
),
-- The best candidate of an account below the threshold, and how near it comes with those that are hard to tell from it:
-- its relatives (one topmost parent) and its namesakes.
lone AS (
    SELECT c.*, d.group_id, d.name_key
    FROM choice c
    JOIN dir_company d ON d.entity_id = c.entity_id
    WHERE c.object = 'Account' AND c.place = 1 AND c.p < $threshold
),
collision AS (
    SELECT l.crm_id, min_by(o.entity_id, o.place) AS second_id,
        bool_or(coalesce(d.group_id = l.group_id, false)) AS is_group
    FROM lone l
    JOIN choice o ON o.object = l.object AND o.crm_id = l.crm_id AND o.place > 1
    JOIN dir_company d ON d.entity_id = o.entity_id AND (d.group_id = l.group_id OR d.name_key = l.name_key)
    GROUP BY l.crm_id, l.p
    HAVING l.p + sum(o.p) >= $threshold
),
-- The candidate a person decided on, if it is one: its weight is shown and counts in ties.
decided AS (
    SELECT v.object, v.crm_id, v.verdict, v.entity_id, v.seq, c.weight, c.p
    FROM verdict v
    LEFT JOIN choice c ON c.object = v.object AND c.crm_id = v.crm_id AND c.entity_id = v.entity_id
    WHERE v.verdict IS NOT NULL
),
answer AS (
    SELECT s.object, s.crm_id, s.last_activity, s.created, d.verdict IS NOT NULL AS decided, d.seq,
        CASE
            WHEN d.verdict IS NOT NULL THEN d.entity_id
            WHEN p.p >= $threshold AND p.tied_id IS NULL THEN p.entity_id
        END AS entity_id,
        CASE
            WHEN d.verdict IS NOT NULL OR p.crm_id IS NULL THEN NULL
            WHEN p.entity_id IS NULL OR p.vetoed_p >= $threshold THEN 'vetoed'
            WHEN k.is_group THEN 'group_collision'
            WHEN p.tied_id IS NOT NULL THEN 'tie'
            WHEN k.crm_id IS NOT NULL THEN 'group_collision'
            ELSE 'below_threshold'
        END AS reason,
        p.entity_id AS best_id, p.weight AS best_weight, p.p AS best_p, p.tied_id, k.second_id,
        p.vetoed_id, p.vetoed_weight, p.vetoed_p,
        CASE WHEN d.verdict IS NOT NULL THEN d.weight ELSE p.weight END AS weight,
        CASE WHEN d.verdict IS NOT NULL THEN d.p ELSE p.p END AS p
    FROM standing s
    LEFT JOIN pair p ON p.object = s.object AND p.crm_id = s.crm_id
    LEFT JOIN decided d ON d.object = s.object AND d.crm_id = s.crm_id
    LEFT JOIN collision k ON k.crm_id = CASE WHEN s.object = 'Account' THEN s.crm_id END
    WHERE s.standing = 'live'
)
SELECT object, crm_id, entity_id, decided, seq AS decision_seq,
    CASE WHEN entity_id IS NOT NULL THEN weight END AS weight,
    CASE WHEN entity_id IS NOT NULL THEN CAST(CAST(p AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) END AS probability,
    CASE WHEN entity_id IS NULL THEN reason END AS reason,
    CASE WHEN entity_id IS NULL THEN CASE WHEN reason = 'vetoed' THEN vetoed_id ELSE best_id END END AS best_entity_id,
    CASE WHEN entity_id IS NULL THEN CASE WHEN reason = 'vetoed' THEN vetoed_weight ELSE best_weight END END AS best_weight,
    CASE WHEN entity_id IS NULL THEN CAST(CAST(CASE WHEN reason = 'vetoed' THEN vetoed_p ELSE best_p END
        AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) END AS best_probability,
    CASE WHEN entity_id IS NULL THEN CASE reason WHEN 'tie' THEN tied_id WHEN 'group_collision' THEN second_id END END AS second_entity_id,
    last_activity, created
FROM answer
