-- The mirror of one object after a delta that touches few of its records: those merged, and the others as they are.
-- Beside the header's tables: landed and superseded of the object, touched, the names the delta has rows of, before, what
-- the mirror had under these, and previous, the whole mirror by name.
-- in: reject
WITH kept AS (
    SELECT name, record FROM landed ANTI JOIN superseded USING (file, line)
)
SELECT record.*, CAST(NULL AS TIMESTAMPTZ) AS missing_since
FROM kept
UNION ALL
SELECT record.*, CAST(NULL AS TIMESTAMPTZ) AS missing_since -- it is there: read in an older version, or rejected
FROM before ANTI JOIN kept USING (name)
UNION ALL
SELECT * EXCLUDE (name)
FROM previous ANTI JOIN touched USING (name)
