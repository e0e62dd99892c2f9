-- The answer for every record. Live records of one object that propose to one entity compete; the losers keep the
-- entity and say to whom they lost it. Records that are not live take the answer of the record they became.
-- Most entities are proposed to by one record, and nothing is ranked for these.
-- in: standing, proposal, reason, redirected, previous_mapping, crm_person, dir_member, known
-- out: mapping
-- values: $sure BIGINT
WITH contested AS (
    SELECT entity_id FROM proposal WHERE entity_id IS NOT NULL GROUP BY entity_id HAVING count(*) > 1
),
-- Winners of their object compete once more: a person has one badge over Contact and Lead. 'Contact' sorts first, and the
-- best of all by that order is the best of its object as well.
rival AS (
    SELECT p.object, p.crm_id,
        row_number() OVER place AS place,
        first_value(p.crm_id) OVER place AS winner_id,
        first_value(p.weight) OVER place AS winner_weight,
        row_number() OVER (PARTITION BY p.entity_id ORDER BY p.decided DESC, p.object, p.weight DESC NULLS LAST,
            p.last_activity DESC NULLS LAST, p.created NULLS LAST, p.crm_id) = 1 AS is_first
    FROM proposal p
    SEMI JOIN contested c ON c.entity_id = p.entity_id
    WINDOW place AS (PARTITION BY p.entity_id, p.object
        ORDER BY p.decided DESC, p.weight DESC NULLS LAST, p.last_activity DESC NULLS LAST, p.created NULLS LAST, p.crm_id)
),
held AS (
    SELECT p.object, p.crm_id, p.entity_id, p.decided, p.weight, p.probability, p.decision_seq,
        coalesce(r.place, 1) AS place, coalesce(r.is_first, true) AS is_first, r.winner_id, r.winner_weight,
        row_number() OVER () AS number
    FROM proposal p
    LEFT JOIN rival r ON r.object = p.object AND r.crm_id = p.crm_id
    WHERE p.entity_id IS NOT NULL
),
-- What the CRM says of a person's company, its account above all, may be where the member works or where they worked.
employer AS (
    SELECT h.number,
        CASE
            WHEN list_has_any(k.known_ids, d.company_ids) OR list_has_any(p.company_keys, d.company_keys)
                OR list_has_any(k.known_keys, d.company_keys) OR list_has_any(p.email_domains, d.company_domains) THEN 'current'
            WHEN list_has_any(k.known_ids, d.past_company_ids) OR list_has_any(p.company_keys, d.past_company_keys)
                OR list_has_any(k.known_keys, d.past_company_keys) OR list_has_any(p.email_domains, d.past_company_domains) THEN 'past'
        END AS company
    FROM held h
    JOIN crm_person p ON p.object = h.object AND p.crm_id = h.crm_id
    JOIN dir_member d ON d.entity_id = h.entity_id
    LEFT JOIN known k ON k.object = h.object AND k.crm_id = h.crm_id
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
    SELECT s.object, s.crm_id, s.standing, coalesce(p.entity_id, d.entity_id) AS entity_id,
        CASE WHEN p.crm_id IS NOT NULL THEN s.end_object END AS link_object,
        p.crm_id AS link_crm_id
    FROM standing s
    LEFT JOIN proposal p ON p.object = s.end_object AND p.crm_id = s.end_crm_id
    LEFT JOIN deleted d ON d.object = s.end_object AND d.crm_id = s.end_crm_id
    WHERE s.standing IN ('merged', 'converted')
),
answer AS (
    SELECT h.object, h.crm_id, h.entity_id,
        CASE WHEN h.place > 1 THEN 'duplicate' WHEN h.decided THEN 'decided' ELSE 'matched' END AS status,
        h.weight, h.probability, h.is_first AS is_primary,
        CASE WHEN h.place > 1 THEN h.winner_id END AS lost_to,
        CASE WHEN h.place > 1 THEN h.winner_weight - h.weight END AS gap,
        NULL::VARCHAR AS reason, h.object AS link_object, h.crm_id AS link_crm_id, h.decision_seq,
        CASE WHEN h.decided OR CAST(h.probability * 1000000 AS BIGINT) >= $sure THEN 'sure' ELSE 'match' END AS tier,
        e.company
    FROM held h
    LEFT JOIN employer e ON e.number = h.number
    UNION ALL
    SELECT object, crm_id, NULL, CASE reason WHEN 'decided_none' THEN 'decided' ELSE 'unmatched' END, NULL, NULL, false, NULL, NULL,
        reason, object, crm_id, decision_seq, NULL, NULL
    FROM reason
    UNION ALL
    SELECT object, crm_id, entity_id, 'deleted', CASE WHEN entity_id IS NOT NULL THEN weight END,
        CASE WHEN entity_id IS NOT NULL THEN probability END, false, NULL, NULL,
        CASE WHEN entity_id IS NULL THEN 'deleted' END, NULL, NULL, NULL, CASE WHEN entity_id IS NOT NULL THEN tier END, NULL
    FROM deleted
    UNION ALL
    SELECT object, crm_id, entity_id, standing, NULL, NULL, false, NULL, NULL,
        CASE WHEN entity_id IS NULL THEN standing END, link_object, link_crm_id, NULL, NULL, NULL
    FROM became
    UNION ALL
    SELECT object, crm_id, NULL, standing, NULL, NULL, false, NULL, NULL, standing, NULL, NULL, NULL, NULL, NULL
    FROM standing
    WHERE standing = 'person_account'
)
SELECT object, crm_id, CASE WHEN object = 'Account' THEN 'company' ELSE 'member' END AS entity_kind,
    entity_id, status, weight, probability, is_primary AS "primary", lost_to, gap, reason,
    link_object, link_crm_id, decision_seq, tier, company
FROM answer
