-- What becomes of the live records' answers from one mapping to another, by object. A record without entity in both is
-- as it was; one that keeps its entity may still win or lose it against another record.
-- Beside the header's tables: was and now, two versions of mapping.
-- in: run
SELECT coalesce(n.object, w.object) AS object,
    count(*) AS records,
    count(*) FILTER (w.entity_id IS NULL AND n.entity_id IS NOT NULL) AS won,
    count(*) FILTER (w.entity_id IS NOT NULL AND n.entity_id IS NULL) AS lost,
    count(*) FILTER (w.entity_id <> n.entity_id) AS changed,
    count(*) FILTER (w.entity_id = n.entity_id AND w.status <> n.status) AS status_only
FROM was w
FULL JOIN now n ON n.object = w.object AND n.crm_id = w.crm_id
WHERE coalesce(n.status, w.status) NOT IN ('deleted', 'merged', 'converted', 'person_account')
GROUP BY ALL
ORDER BY object
