-- Answers with the employer that the earlier answer tells, but of records whose employer was worked out anew.
-- Beside the header's tables: earlier_answer, rows of a mapping, and reemployed (object, crm_id). It gives rows of mapping.
-- in: mapping
SELECT m.* REPLACE (CASE WHEN r.crm_id IS NULL AND m.entity_id IS NOT NULL AND m.status IN ('decided', 'matched', 'duplicate') THEN e.company
    ELSE m.company END AS company)
FROM mapping m
LEFT JOIN reemployed r ON r.object = m.object AND r.crm_id = m.crm_id
LEFT JOIN earlier_answer e ON e.object = m.object AND e.crm_id = m.crm_id
