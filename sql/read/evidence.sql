-- Why each candidate weighs what it weighs: prior, comparisons, frequency adjustments.
-- in: evidence
-- values: $crm_id TEXT
SELECT rank, position, part, coalesce(comparison, part), coalesce(level, 0), coalesce(label, ''), coalesce(weight, 0),
    coalesce(crm_value, ''), coalesce(directory_value, '')
FROM evidence
WHERE crm_id = $crm_id
ORDER BY rank, position, CASE part WHEN 'prior' THEN 0 WHEN 'level' THEN 1 ELSE 2 END
