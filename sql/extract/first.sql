-- The mirror of one object after its first import: the rows read that nothing superseded.
-- Beside the header's tables: landed and superseded of the object.
-- in: reject
SELECT * EXCLUDE (row_name, file, line), CAST(NULL AS TIMESTAMPTZ) AS missing_since
FROM landed ANTI JOIN superseded USING (file, line)
