-- Rows just read that another row just read of the same record beats, where no mirror holds an older version: by stamp,
-- then by the greater text of the whole row. Equal rows count once; the first file and line keeps.
-- Beside the header's tables: stamped, the rows read as name and stamp, and landed, the same with the record.
-- in: reject
WITH contested AS (
    SELECT name FROM stamped GROUP BY name HAVING count(*) > 1
),
placed AS (
    SELECT file, line, row_number() OVER (PARTITION BY name
        ORDER BY stamp DESC NULLS LAST, CAST(record AS VARCHAR) DESC, file, line) AS place
    FROM landed SEMI JOIN contested USING (name)
)
SELECT file, line FROM placed WHERE place > 1
