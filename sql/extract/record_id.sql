-- CRM Ids in the user's lists in their 18-character form: 15 characters get their checksum, 18 must carry the right
-- one. full_id is null where record_id is none. The same rule as the sources', for lists of any format.
-- Beside the header's tables: listed, a list's rows with record_id.
-- in: raw_decision, raw_seat
WITH checked AS (
    SELECT *, array_to_string(list_transform(range(3), lambda g: substr('ABCDEFGHIJKLMNOPQRSTUVWXYZ012345', 1 + CAST(list_sum(
        list_transform(range(5), lambda k: CASE WHEN substr(record_id, CAST(g * 5 + k + 1 AS BIGINT), 1) BETWEEN 'A' AND 'Z'
            THEN 2 ** k ELSE 0 END)) AS BIGINT), 1)), '') AS checksum
    FROM listed
)
SELECT * EXCLUDE (checksum),
    CASE
        WHEN NOT regexp_full_match(record_id, '[A-Za-z0-9]{15}([A-Z0-5]{3})?') THEN NULL
        WHEN length(record_id) = 15 OR right(record_id, 3) = checksum THEN left(record_id, 15) || checksum
    END AS full_id
FROM checked
