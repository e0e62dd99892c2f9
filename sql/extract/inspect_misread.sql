-- Rows that were rejected because a cell holds a value of another kind than its column: what a row looks like whose
-- cells are out of step with its header.
-- in: reject
SELECT object, coalesce("column", '') AS field, count(*) AS records
FROM reject
WHERE reason IN ('bad_id', 'bad_number', 'bad_date', 'bad_time', 'bad_boolean', 'id_of_other_object')
GROUP BY object, field
ORDER BY object, records DESC, field
