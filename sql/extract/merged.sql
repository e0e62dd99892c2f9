-- The mirror of one object after this import: the rows read that nothing superseded, over the previous mirror. Nothing
-- is dropped: a known record that a full import lacks gets missing_since, and loses it when it is back. A row that was
-- read and rejected is not missing.
-- Beside the header's tables: landed, before, superseded and turned_away (Ids of rejected rows) of the object.
-- in: reject
-- values: $full BOOLEAN, $as_of TIMESTAMPTZ
WITH kept AS (
    SELECT name, record FROM landed ANTI JOIN superseded USING (file, line)
),
present AS (
    SELECT name FROM landed
    UNION
    SELECT name FROM turned_away
)
SELECT record.*, CAST(NULL AS TIMESTAMPTZ) AS missing_since
FROM kept
UNION ALL
SELECT record.*,
    CASE
        WHEN p.name IS NOT NULL THEN NULL
        WHEN $full THEN coalesce(b.missing_since, CAST($as_of AS TIMESTAMPTZ))
        ELSE b.missing_since
    END AS missing_since
FROM (SELECT * FROM before ANTI JOIN kept USING (name)) b
LEFT JOIN present p ON p.name = b.name
