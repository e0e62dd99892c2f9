-- The blast radius, amounts as people write them.
-- in: blast_radius
SELECT measure, gained, lost, coalesce(CAST(CAST(amount AS DECIMAL(38, 2)) AS VARCHAR), ''), currency
FROM blast_radius
ORDER BY list_position(['badges', 'saved_rows', 'suggested_leads', 'active_seats', 'pipeline_owner_changes'], measure), currency
