-- The stages that opportunities are in, and whether each of these is closed.
-- in: raw_opportunity
SELECT StageName, bool_and(coalesce(IsClosed, false)) AS closed
FROM raw_opportunity
WHERE StageName IS NOT NULL AND NOT coalesce(IsDeleted, false) AND missing_since IS NULL
GROUP BY StageName
ORDER BY StageName
