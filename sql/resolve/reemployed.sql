-- Affected records whose employer may be another than the earlier answer tells: they have another entity, are described by other
-- names or domains of a company, know another, or their member differs.
-- Beside the header's tables: earlier_answer, rows of a mapping; worded_before and worded_now (object, crm_id, company_keys,
-- email_domains), of records that differ; differing_known (crm_id) and differing_member (entity_id).
-- in: proposal
WITH reworded AS (
    SELECT coalesce(b.crm_id, n.crm_id) AS crm_id
    FROM worded_before b
    FULL JOIN worded_now n ON n.object = b.object AND n.crm_id = b.crm_id
    WHERE b.crm_id IS NULL OR n.crm_id IS NULL OR n.company_keys IS DISTINCT FROM b.company_keys OR n.email_domains IS DISTINCT FROM b.email_domains
)
SELECT p.object, p.crm_id, p.entity_id
FROM proposal p
LEFT JOIN earlier_answer m ON m.object = p.object AND m.crm_id = p.crm_id
WHERE p.entity_id IS NOT NULL
    AND (m.entity_id IS DISTINCT FROM p.entity_id OR m.status NOT IN ('decided', 'matched', 'duplicate')
        OR p.crm_id IN (FROM reworded) OR p.crm_id IN (FROM differing_known) OR p.entity_id IN (FROM differing_member))
