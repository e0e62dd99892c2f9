-- The answers counted by object (D12 to D16): only live records are records.
-- in: mapping
-- out: mapping_count
WITH object AS (
    SELECT unnest(['Account', 'Contact', 'Lead']) AS object
)
SELECT o.object,
    count(*) FILTER (status IN ('decided', 'matched', 'duplicate', 'unmatched')) AS records,
    count(*) FILTER (status = 'matched' OR (status = 'decided' AND entity_id IS NOT NULL)) AS matched,
    count(*) FILTER (tier = 'sure' AND status IN ('matched', 'decided')) AS sure,
    count(*) FILTER (status = 'duplicate') AS duplicates,
    count(*) FILTER (decision_seq IS NOT NULL AND status IN ('decided', 'duplicate')) AS decided,
    count(*) FILTER (status IN ('decided', 'unmatched') AND entity_id IS NULL) AS unmatched,
    count(*) FILTER (status = 'person_account') AS person_accounts,
    count(*) FILTER (status = 'converted') AS converted,
    count(*) FILTER (status = 'merged') AS merged,
    count(*) FILTER (status = 'deleted') AS deleted
FROM object o
LEFT JOIN mapping m USING (object)
GROUP BY o.object
