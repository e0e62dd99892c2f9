-- The stages of opportunities in their order, inactive ones too: old opportunities are still in them.
-- in: raw_opportunity_stage
SELECT MasterLabel, coalesce(ApiName, MasterLabel) AS ApiName, IsClosed
FROM raw_opportunity_stage
WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
ORDER BY SortOrder NULLS LAST, MasterLabel
