-- What to show beside a CRM record (K1): its own entity, and for an opportunity those of its account and contacts.
-- in: mapping, raw_opportunity, raw_opportunity_contact_role
-- out: profile
WITH opportunity AS (
    SELECT Id, AccountId FROM raw_opportunity WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
beside AS (
    SELECT Id AS opportunity_id, 'account' AS part, 'Account' AS via_object, AccountId AS via_crm_id FROM opportunity
    UNION
    SELECT o.Id, 'contact', 'Contact', r.ContactId
    FROM raw_opportunity_contact_role r
    JOIN opportunity o ON o.Id = r.OpportunityId
    WHERE NOT coalesce(r.IsDeleted, false) AND r.missing_since IS NULL
)
SELECT object, crm_id, 'self' AS part, crm_id AS via_crm_id, status, entity_kind, entity_id
FROM mapping
UNION ALL
SELECT 'Opportunity', b.opportunity_id, b.part, m.crm_id, m.status, m.entity_kind, m.entity_id
FROM beside b
JOIN mapping m ON m.object = b.via_object AND m.crm_id = b.via_crm_id
