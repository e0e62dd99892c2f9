-- Seats whose CRM user, where one is named, is a user's Id.
-- Beside the header's tables: identified, the rows of raw_seat with record_id, full_id, file, line, fault and reason.
-- in: raw_seat
WITH judged AS (
    SELECT *,
        CASE
            WHEN reason IS NOT NULL OR record_id IS NULL THEN NULL
            WHEN full_id IS NULL THEN 'bad_id'
            WHEN left(full_id, 3) <> '005' THEN 'id_of_other_object'
        END AS wrong
    FROM identified
)
SELECT * EXCLUDE (record_id, full_id, wrong, fault, reason) REPLACE (full_id AS crm_user_id),
    CASE WHEN wrong IS NULL THEN fault ELSE 'crm_user_id' END AS fault,
    coalesce(reason, wrong) AS reason
FROM judged
