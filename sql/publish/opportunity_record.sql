-- Every account and contact an opportunity names, with all that decides whether it goes on a list (Z19, Z21).
-- A duplicate is replaced by its winner here, once, so that both lists and their reasons agree.
-- in: raw_opportunity, raw_opportunity_contact_role, mapping, stage_order
-- out: opportunity_record
-- values: $every_stage BOOLEAN
WITH opportunity AS (
    SELECT o.Id, o.AccountId, o.OwnerId, o.StageName, coalesce(o.IsClosed, false) AS closed,
        coalesce(o.IsDeleted, false) OR o.missing_since IS NOT NULL AS gone,
        $every_stage OR coalesce(s.past, false) AS past
    FROM raw_opportunity o
    LEFT JOIN stage_order s ON s.stage = o.StageName
),
named AS (
    SELECT Id AS opportunity_id, 'Account' AS object, AccountId AS crm_id, false AS unlinked
    FROM opportunity
    WHERE AccountId IS NOT NULL
    UNION ALL
    SELECT OpportunityId, 'Contact', ContactId, bool_and(coalesce(IsDeleted, false) OR missing_since IS NOT NULL)
    FROM raw_opportunity_contact_role
    WHERE OpportunityId IS NOT NULL AND ContactId IS NOT NULL
    GROUP BY OpportunityId, ContactId
)
SELECT n.opportunity_id, n.object, n.crm_id, o.OwnerId AS owner_id, o.StageName AS stage,
    o.gone OR n.unlinked AS gone, o.closed, o.past, m.status,
    CASE
        WHEN m.entity_id IS NULL THEN NULL
        WHEN m.status IN ('matched', 'decided') THEN m.crm_id
        WHEN m.status = 'duplicate' THEN m.lost_to
    END AS saved_crm_id,
    CASE WHEN m.status IN ('matched', 'decided', 'duplicate') AND m.entity_id IS NOT NULL THEN m.entity_kind END AS entity_kind,
    CASE WHEN m.status IN ('matched', 'decided', 'duplicate') THEN m.entity_id END AS entity_id
FROM named n
JOIN opportunity o ON o.Id = n.opportunity_id
LEFT JOIN mapping m ON m.object = n.object AND m.crm_id = n.crm_id
