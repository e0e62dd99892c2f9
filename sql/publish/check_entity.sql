-- Entities that break what holds of each by itself.
-- in: mapping
-- out: check_count
SELECT 'one_primary_per_entity' AS check_name, count(*) AS failing
FROM (SELECT entity_kind, entity_id FROM mapping WHERE "primary" GROUP BY entity_kind, entity_id HAVING count(*) > 1)
UNION ALL
SELECT 'one_winner_per_entity_and_object', count(*)
FROM (SELECT object, entity_id FROM mapping WHERE status IN ('matched', 'decided') AND entity_id IS NOT NULL
    GROUP BY object, entity_id HAVING count(*) > 1)
