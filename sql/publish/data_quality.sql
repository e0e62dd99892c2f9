-- What normalize counted, bound as data_quality, and for the objects that are not matched how often a field that the
-- import needs is empty. A count of normalize wins where both have one.
-- in: data_quality, required_count
-- out: data_quality
WITH counted AS (
    SELECT object, field, "check", CAST(sum(records) AS BIGINT) AS records, CAST(sum("of") AS BIGINT) AS "of"
    FROM data_quality
    GROUP BY ALL
)
SELECT object, field, "check", records, "of" FROM counted
UNION ALL
SELECT object, field, "check", records, "of"
FROM (SELECT object, field, 'missing' AS "check", records, "of" FROM required_count)
ANTI JOIN counted USING (object, field, "check")
