-- The rows of a mirror that a delta has something to say of, after it; all others stay as they are.
-- Beside the header's tables: landed and superseded of the object, and before, what the mirror had under the names that the
-- delta has rows of.
-- in: reject
SELECT * EXCLUDE (row_name, file, line), CAST(NULL AS TIMESTAMPTZ) AS missing_since
FROM landed ANTI JOIN superseded USING (file, line)
UNION ALL
SELECT * EXCLUDE (row_name) REPLACE (CAST(NULL AS TIMESTAMPTZ) AS missing_since) -- there in an older version, or rejected
FROM before ANTI JOIN (SELECT row_name FROM landed ANTI JOIN superseded USING (file, line)) USING (row_name)
