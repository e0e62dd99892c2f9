-- The proposals of affected records and of their rivals. What a rival proposes is the same, so its answer tells it.
-- Beside the header's tables: rival_record (crm_id) and earlier_mapping, a mapping. It gives rows of proposal.
-- in: proposal, raw_account, raw_contact, raw_lead
WITH dates AS (
    SELECT 'Account' AS object, Id AS crm_id, NULL::DATE AS last_activity, CreatedDate AS created FROM raw_account
    UNION ALL
    SELECT 'Contact', Id, LastActivityDate, CreatedDate FROM raw_contact
    UNION ALL
    SELECT 'Lead', Id, LastActivityDate, CreatedDate FROM raw_lead
)
SELECT * FROM proposal
UNION ALL
SELECT m.object, m.crm_id, m.entity_id, m.decision_seq IS NOT NULL, m.decision_seq, m.weight, m.probability,
    NULL, NULL, NULL, NULL, NULL, d.last_activity, d.created
FROM earlier_mapping m
SEMI JOIN rival_record r ON r.crm_id = m.crm_id
JOIN dates d ON d.object = m.object AND d.crm_id = m.crm_id
