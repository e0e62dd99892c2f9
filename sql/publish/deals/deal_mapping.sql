-- The answers to records that lead to an opportunity of which something differs, and to all leads that became opportunities.
-- in: mapping, deal_record, converted_lead
SELECT object, crm_id, entity_kind, entity_id, status, lost_to
FROM mapping
SEMI JOIN (SELECT crm_id FROM deal_record UNION SELECT Id FROM converted_lead) USING (crm_id)
