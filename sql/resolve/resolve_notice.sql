-- What is odd about decisions and stops nothing: decisions win always, but an administrator should see these.
-- in: mapping, verdict, standing, raw_decision, dir_company, dir_member
-- out: resolve_notice
-- values: $kind TEXT
WITH decided AS (
    SELECT DISTINCT entity_id FROM verdict WHERE verdict = 'is'
),
found AS (
    SELECT entity_id FROM dir_company SEMI JOIN decided USING (entity_id) WHERE $kind = 'company'
    UNION
    SELECT entity_id FROM dir_member SEMI JOIN decided USING (entity_id) WHERE $kind = 'person'
)
SELECT 'decided_entity_not_in_directory' AS notice, count(*) AS records
FROM verdict
WHERE verdict = 'is' AND entity_id NOT IN (SELECT entity_id FROM found)
UNION ALL
SELECT 'decision_on_unknown_record', count(*)
FROM (SELECT DISTINCT object, crm_id FROM raw_decision WHERE (object = 'Account') = ($kind = 'company')) d
ANTI JOIN standing s ON s.object = d.object AND s.crm_id = d.crm_id
UNION ALL
SELECT 'decision_on_record_left_out', count(*)
FROM verdict v
JOIN standing s ON s.object = v.object AND s.crm_id = v.crm_id
WHERE v.verdict IS NOT NULL AND s.standing <> 'live'
