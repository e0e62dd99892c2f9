-- Every record without entity: one reason, the best candidate it did not get, and what a person can do.
-- in: mapping, proposal
-- out: unmatched
-- values: $threshold BIGINT
SELECT m.object, m.crm_id, m.reason, p.best_entity_id, p.best_weight, p.best_probability, p.second_entity_id,
    CASE WHEN m.reason IN ('tie', 'below_threshold')
        THEN CAST(greatest(CAST(CAST($threshold AS DECIMAL(18,0)) / 1000000 AS DECIMAL(9,6)) - p.best_probability, 0)
            AS DECIMAL(9,6)) END AS short_by,
    CASE m.reason
        WHEN 'decided_none' THEN 'Nothing: a person decided that there is no match. The decision undo takes it back.'
        WHEN 'person_account' THEN 'Nothing: Person Accounts are not supported. Keep business contacts under a business account.'
        WHEN 'deleted' THEN 'Restore the record in the CRM if it is still needed.'
        WHEN 'merged' THEN 'See the record it was merged into.'
        WHEN 'converted' THEN 'See the contact it was converted to.'
        WHEN 'no_name' THEN CASE WHEN m.object = 'Account' THEN 'Fill in Name with the name of the company.'
            ELSE 'Fill in LastName and FirstName.' END
        WHEN 'no_candidate' THEN CASE m.object
            WHEN 'Account' THEN 'Fill in Website or correct Name; else the company is not in the directory.'
            WHEN 'Contact' THEN 'Fill in Email or correct the name and the account; else the person is not in the directory.'
            ELSE 'Fill in Email or correct the name and Company; else the person is not in the directory.' END
        WHEN 'vetoed' THEN 'Decide which entity it is, or none if there is no match.'
        WHEN 'tie' THEN 'Two entities fit equally well: decide which of them it is.'
        WHEN 'below_threshold' THEN CASE WHEN m.object = 'Account'
            THEN 'Check the best candidate: decide it, or fill in Website and the address.'
            ELSE 'Check the best candidate: decide it, or fill in Email and Title.' END
    END AS next_step
FROM mapping m
LEFT JOIN proposal p ON p.object = m.object AND p.crm_id = m.crm_id
WHERE m.entity_id IS NULL
