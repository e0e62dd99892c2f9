-- Rows read that lost to the mirror's version of their record although neither is newer: the stamps are equal, the
-- values are not, and the mirror's text is the greater one. The merge leaves them out; an accident in the files is seen
-- in them all the same. One row per record, and of a large object a sample by Id.
-- Beside the header's tables: landed, before and superseded of the object.
-- in: reject
-- values: $parts INTEGER
SELECT record.*, CAST(NULL AS TIMESTAMPTZ) AS missing_since
FROM (
    SELECT l.record AS record, row_number() OVER (PARTITION BY l.name ORDER BY CAST(l.record AS VARCHAR) DESC) AS place
    FROM landed l
    SEMI JOIN superseded s ON s.file = l.file AND s.line = l.line
    JOIN before b ON b.name = l.name AND b.stamp = l.stamp AND b.missing_since IS NULL
    WHERE b.record IS DISTINCT FROM l.record AND part_of(l.name) < $parts
)
WHERE place = 1
