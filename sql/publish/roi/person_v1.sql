-- ROI definition, version 1: whose opportunity it is. The members mapped to its contacts (path person), and to the
-- leads that were converted into it. Every record that has an entity counts, whatever its status: a duplicate is the
-- same person, and a contact deleted later took part.
-- in: raw_opportunity_contact_role, raw_lead, mapping
-- out: roi_person
WITH named AS (
    SELECT OpportunityId AS opportunity_id, 'person' AS path, 'Contact' AS via_object, ContactId AS via_crm_id
    FROM raw_opportunity_contact_role
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
    UNION ALL
    SELECT ConvertedOpportunityId, 'converted_lead', 'Lead', Id FROM raw_lead
)
SELECT n.opportunity_id, m.entity_id AS member_id, n.path, min(n.via_object) AS via_object, min(n.via_crm_id) AS via_crm_id
FROM named n
JOIN mapping m ON m.object = n.via_object AND m.crm_id = n.via_crm_id
WHERE n.opportunity_id IS NOT NULL AND m.entity_id IS NOT NULL
GROUP BY n.opportunity_id, m.entity_id, n.path
