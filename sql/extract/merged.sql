-- The mirror of one object after this import: the rows read that nothing superseded, over the previous mirror. Nothing
-- is dropped: a known record that a full import lacks gets missing_since, and loses it when it is back. A row that was
-- read and rejected is not missing.
-- Beside the header's tables: landed, before, superseded and turned_away (Ids of rejected rows) of the object.
-- in: reject
-- values: $full BOOLEAN, $as_of TIMESTAMPTZ
WITH kept AS (
    SELECT row_name FROM landed ANTI JOIN superseded USING (file, line)
),
present AS (
    SELECT row_name FROM landed
    UNION
    SELECT row_name FROM turned_away
)
SELECT * EXCLUDE (row_name, file, line), CAST(NULL AS TIMESTAMPTZ) AS missing_since
FROM landed ANTI JOIN superseded USING (file, line)
UNION ALL
SELECT b.* EXCLUDE (row_name) REPLACE (
    CASE
        WHEN p.row_name IS NOT NULL THEN NULL
        WHEN $full THEN coalesce(b.missing_since, CAST($as_of AS TIMESTAMPTZ))
        ELSE b.missing_since
    END AS missing_since)
FROM (SELECT * FROM before ANTI JOIN kept USING (row_name)) b
LEFT JOIN present p ON p.row_name = b.row_name
