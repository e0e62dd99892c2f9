-- CRM records that were deleted, merged, converted or went missing between two mirrors, or came back. A record that is
-- merely new is none: it is data.
-- in: raw_account, previous_raw_account, raw_contact, previous_raw_contact, raw_lead, previous_raw_lead, raw_opportunity, previous_raw_opportunity, raw_opportunity_contact_role, previous_raw_opportunity_contact_role, raw_user, previous_raw_user
-- out: fate_change
WITH fate AS (
    SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL AS gone, MasterRecordId AS leads_to FROM raw_account
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL, MasterRecordId FROM raw_contact
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL,
        coalesce(MasterRecordId, CASE WHEN IsConverted THEN coalesce(ConvertedContactId, 'converted') END) FROM raw_lead
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL, NULL FROM raw_opportunity
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL, NULL FROM raw_opportunity_contact_role
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL, NULL FROM raw_user
),
earlier AS (
    SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL AS gone, MasterRecordId AS leads_to FROM previous_raw_account
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL, MasterRecordId FROM previous_raw_contact
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL,
        coalesce(MasterRecordId, CASE WHEN IsConverted THEN coalesce(ConvertedContactId, 'converted') END) FROM previous_raw_lead
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL, NULL FROM previous_raw_opportunity
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL, NULL FROM previous_raw_opportunity_contact_role
    UNION ALL SELECT Id, coalesce(IsDeleted, false) OR missing_since IS NOT NULL, NULL FROM previous_raw_user
),
changed AS (
    SELECT f.Id AS crm_id, f.leads_to
    FROM fate f
    LEFT JOIN earlier e ON e.Id = f.Id
    WHERE f.gone IS DISTINCT FROM coalesce(e.gone, false) OR f.leads_to IS DISTINCT FROM e.leads_to
)
-- The record that a merge leads to is touched by it as well, and so are the contact and the opportunity of a role.
SELECT crm_id FROM changed
UNION
SELECT leads_to FROM changed WHERE leads_to IS NOT NULL AND leads_to <> 'converted'
UNION
SELECT unnest([r.ContactId, r.OpportunityId])
FROM raw_opportunity_contact_role r
SEMI JOIN changed c ON c.crm_id = r.Id
WHERE r.ContactId IS NOT NULL AND r.OpportunityId IS NOT NULL
