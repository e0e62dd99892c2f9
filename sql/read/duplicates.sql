-- How many records lost their entity to a better record of their object, and how many records one entity has at most.
-- in: mapping
WITH crowd AS (
    SELECT object, entity_id, count(*) AS records
    FROM mapping
    WHERE status = 'duplicate'
    GROUP BY object, entity_id
)
SELECT object, CAST(sum(records) AS BIGINT) AS records, count(*) AS entities, max(records) + 1 AS largest
FROM crowd
GROUP BY object
ORDER BY object
