-- The mirror of one object after a delta that touches few of its records: those merged, and the others as they are.
-- Beside the header's tables: landed and superseded of the object, touched, the names the delta has rows of, before, what
-- the mirror had under these, and previous, the whole mirror.
-- in: reject
SELECT * EXCLUDE (row_name, file, line), CAST(NULL AS TIMESTAMPTZ) AS missing_since
FROM landed ANTI JOIN superseded USING (file, line)
UNION ALL
SELECT * EXCLUDE (row_name) REPLACE (CAST(NULL AS TIMESTAMPTZ) AS missing_since) -- there in an older version, or rejected
FROM before ANTI JOIN (SELECT row_name FROM landed ANTI JOIN superseded USING (file, line)) USING (row_name)
UNION ALL
SELECT * EXCLUDE (row_name)
FROM previous ANTI JOIN touched USING (row_name)
