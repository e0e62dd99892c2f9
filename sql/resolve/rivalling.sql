-- The proposals of affected records and of their rivals. What a rival proposes is the same, so its answer tells it.
-- Beside the header's tables: rival_record (crm_id), their rows of the mirror, and earlier_answer, rows of a mapping. It gives
-- rows of proposal.
-- in: proposal
WITH dates AS (
    SELECT 'Account' AS object, Id AS crm_id, NULL::DATE AS last_activity, CreatedDate AS created FROM rival_raw_account
    UNION ALL
    SELECT 'Contact', Id, LastActivityDate, CreatedDate FROM rival_raw_contact
    UNION ALL
    SELECT 'Lead', Id, LastActivityDate, CreatedDate FROM rival_raw_lead
)
SELECT * FROM proposal
UNION ALL
SELECT m.object, m.crm_id, m.entity_id, m.decision_seq IS NOT NULL, m.decision_seq, m.weight, m.probability,
    NULL, NULL, NULL, NULL, NULL, d.last_activity, d.created
FROM earlier_answer m
SEMI JOIN rival_record r ON r.crm_id = m.crm_id
JOIN dates d ON d.object = m.object AND d.crm_id = m.crm_id
