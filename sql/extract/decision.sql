-- Decisions that can be obeyed: the others are rejected with the column at fault, for a decision that is silently
-- without effect is worse than none. A fault that reading found stays.
-- Beside the header's tables: identified, the rows of raw_decision with record_id, full_id, file, line, fault, reason.
-- in: raw_decision
WITH judged AS (
    SELECT *,
        CASE
            WHEN reason IS NOT NULL THEN NULL
            WHEN coalesce(object NOT IN ('Account', 'Contact', 'Lead'), true) THEN 'object'
            WHEN coalesce(verdict NOT IN ('is', 'is_not', 'none', 'undo'), true) THEN 'verdict'
            WHEN full_id IS NULL THEN 'crm_id'
            WHEN left(full_id, 3) <> CASE object WHEN 'Account' THEN '001' WHEN 'Contact' THEN '003' ELSE '00Q' END THEN 'crm_id'
            WHEN verdict IN ('is', 'is_not') AND entity_id IS NULL THEN 'entity_id'
            -- schemas.ControlSeq: from here on decisions are those of the control database.
            WHEN seq >= 4000000000000000000 AND file <> 'control.sqlite' THEN 'seq'
        END AS wrong
    FROM identified
)
SELECT * EXCLUDE (record_id, full_id, wrong, fault, reason) REPLACE (full_id AS crm_id),
    coalesce(fault, wrong) AS fault,
    CASE
        WHEN wrong IS NULL THEN reason
        WHEN wrong <> 'crm_id' THEN 'bad_value'
        WHEN record_id IS NULL THEN 'missing_id'
        WHEN full_id IS NULL THEN 'bad_id'
        ELSE 'id_of_other_object'
    END AS reason
FROM judged
