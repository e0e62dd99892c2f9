-- The answer for every record. Live records of one object that propose to one entity compete; the losers keep the
-- entity and say to whom they lost it. Records that are not live take the answer of the record they became.
-- in: standing, proposal, reason, redirected, previous_mapping, crm_person, dir_member, known
-- out: mapping
-- values: $sure BIGINT
WITH rival AS (
    SELECT p.object, p.crm_id, p.entity_id, p.decided, p.decision_seq, p.weight, p.probability, s.last_activity, s.created,
        row_number() OVER place AS place,
        first_value(p.crm_id) OVER place AS winner_id,
        first_value(p.weight) OVER place AS winner_weight
    FROM proposal p
    JOIN standing s ON s.object = p.object AND s.crm_id = p.crm_id
    WHERE p.entity_id IS NOT NULL
    WINDOW place AS (PARTITION BY p.object, p.entity_id
        ORDER BY p.decided DESC, p.weight DESC NULLS LAST, s.last_activity DESC NULLS LAST, s.created NULLS LAST, p.crm_id)
),
-- Winners of their object compete once more: a person has one badge over Contact and Lead. 'Contact' sorts first.
winner AS (
    SELECT object, crm_id,
        row_number() OVER (PARTITION BY entity_id ORDER BY decided DESC, object, weight DESC NULLS LAST,
            last_activity DESC NULLS LAST, created NULLS LAST, crm_id) AS place
    FROM rival
    WHERE place = 1
),
live AS (
    SELECT s.object, s.crm_id, r.entity_id,
        CASE
            WHEN r.place > 1 THEN 'duplicate'
            WHEN p.decided THEN 'decided'
            WHEN r.entity_id IS NOT NULL THEN 'matched'
            ELSE 'unmatched'
        END AS status,
        r.weight, r.probability,
        coalesce(w.place = 1, false) AS is_primary,
        CASE WHEN r.place > 1 THEN r.winner_id END AS lost_to,
        CASE WHEN r.place > 1 THEN r.winner_weight - r.weight END AS gap,
        n.reason,
        p.decision_seq,
        CASE
            WHEN r.entity_id IS NULL THEN NULL
            WHEN p.decided OR CAST(r.probability * 1000000 AS BIGINT) >= $sure THEN 'sure'
            ELSE 'match'
        END AS tier
    FROM standing s
    LEFT JOIN proposal p ON p.object = s.object AND p.crm_id = s.crm_id
    LEFT JOIN rival r ON r.object = s.object AND r.crm_id = s.crm_id
    LEFT JOIN winner w ON w.object = s.object AND w.crm_id = s.crm_id
    LEFT JOIN reason n ON n.object = s.object AND n.crm_id = s.crm_id
    WHERE s.standing = 'live'
),
-- A deleted record keeps its last answer and never competes.
deleted AS (
    SELECT s.object, s.crm_id, coalesce(r.new_id, m.entity_id) AS entity_id, m.weight, m.probability, m.tier
    FROM standing s
    LEFT JOIN previous_mapping m ON m.object = s.object AND m.crm_id = s.crm_id
    LEFT JOIN redirected r ON r.old_id = m.entity_id
    WHERE s.standing = 'deleted'
),
became AS (
    SELECT s.object, s.crm_id, s.standing, coalesce(l.entity_id, d.entity_id) AS entity_id,
        CASE WHEN l.crm_id IS NOT NULL THEN s.end_object END AS link_object,
        l.crm_id AS link_crm_id
    FROM standing s
    LEFT JOIN live l ON l.object = s.end_object AND l.crm_id = s.end_crm_id
    LEFT JOIN deleted d ON d.object = s.end_object AND d.crm_id = s.end_crm_id
    WHERE s.standing IN ('merged', 'converted')
),
answer AS (
    SELECT object, crm_id, entity_id, status, weight, probability, is_primary, lost_to, gap, reason,
        object AS link_object, crm_id AS link_crm_id, decision_seq, tier
    FROM live
    UNION ALL
    SELECT object, crm_id, entity_id, 'deleted', CASE WHEN entity_id IS NOT NULL THEN weight END,
        CASE WHEN entity_id IS NOT NULL THEN probability END, false, NULL, NULL,
        CASE WHEN entity_id IS NULL THEN 'deleted' END, NULL, NULL, NULL, CASE WHEN entity_id IS NOT NULL THEN tier END
    FROM deleted
    UNION ALL
    SELECT object, crm_id, entity_id, standing, NULL, NULL, false, NULL, NULL,
        CASE WHEN entity_id IS NULL THEN standing END, link_object, link_crm_id, NULL, NULL
    FROM became
    UNION ALL
    SELECT object, crm_id, NULL, standing, NULL, NULL, false, NULL, NULL, standing, NULL, NULL, NULL, NULL
    FROM standing
    WHERE standing = 'person_account'
),
-- What the CRM says of a person's company, its account above all, may be where the member works or where they worked.
employer AS (
    SELECT l.object, l.crm_id,
        CASE
            WHEN list_has_any(k.known_ids, d.company_ids) OR list_has_any(p.company_keys, d.company_keys)
                OR list_has_any(k.known_keys, d.company_keys) OR list_has_any(p.email_domains, d.company_domains) THEN 'current'
            WHEN list_has_any(k.known_ids, d.past_company_ids) OR list_has_any(p.company_keys, d.past_company_keys)
                OR list_has_any(k.known_keys, d.past_company_keys) OR list_has_any(p.email_domains, d.past_company_domains) THEN 'past'
        END AS company
    FROM live l
    JOIN crm_person p ON p.object = l.object AND p.crm_id = l.crm_id
    JOIN dir_member d ON d.entity_id = l.entity_id
    LEFT JOIN known k ON k.object = l.object AND k.crm_id = l.crm_id
)
SELECT a.object, a.crm_id,
    CASE WHEN a.object = 'Account' THEN 'company' ELSE 'member' END AS entity_kind,
    a.entity_id, a.status, a.weight, a.probability, a.is_primary AS "primary", a.lost_to, a.gap, a.reason,
    a.link_object, a.link_crm_id, a.decision_seq, a.tier, e.company
FROM answer a
LEFT JOIN employer e ON e.object = a.object AND e.crm_id = a.crm_id
