-- Both kinds in one table, each record with the smallest change that would make it match, where there is one. The caller
-- binds the companies' and the people's rows together as unmatched and remedy.
-- in: unmatched, remedy
-- out: unmatched
SELECT u.object, u.crm_id, u.reason, u.field, u.best_entity_id, u.best_weight, u.best_probability, u.second_entity_id, u.short_by,
    r.fields AS change_fields, r."values" AS change_values, r.probability AS change_probability, r.entity_id AS change_entity_id,
    CASE
        WHEN r.crm_id IS NOT NULL THEN 'If it is ' || r.entity_id || ', set ' || r.fields[1] || ' to "' || r."values"[1] || '"'
            || CASE WHEN len(r.fields) > 1 THEN ' and ' || r.fields[2] || ' to "' || r."values"[2] || '"' ELSE '' END
            || ': then it matches with probability '
            || CASE WHEN r.probability > 0.9999 THEN 'above 0.9999' ELSE CAST(CAST(r.probability AS DECIMAL(5,4)) AS VARCHAR) END || '.'
        WHEN u.reason = 'decided_none' THEN 'Nothing: a person decided that there is no match. The decision undo takes it back.'
        WHEN u.reason = 'person_account' THEN 'Nothing: Person Accounts are not supported. Keep business contacts under a business account.'
        WHEN u.reason = 'deleted' THEN 'Restore the record in the CRM if it is still needed.'
        WHEN u.reason = 'merged' THEN 'See the record it was merged into.'
        WHEN u.reason = 'converted' THEN 'See the contact it was converted to.'
        WHEN u.reason = 'bad_data' THEN CASE u.field
            WHEN 'Name' THEN 'Write the name of the company into Name.'
            WHEN 'LastName' THEN 'Write the person''s name into LastName and FirstName.'
            WHEN 'FirstName' THEN 'Write the person''s given name into FirstName.'
            WHEN 'Website' THEN 'Write the company''s own web address into Website.'
            WHEN 'Company' THEN 'Write the name of the company into Company.'
            WHEN 'AccountId' THEN 'Link the contact to the account of its company.'
            ELSE 'Write the person''s address at work into Email.' END
        WHEN u.reason = 'no_candidate' THEN CASE u.object
            WHEN 'Account' THEN 'Fill in Website or correct Name; else the company is not in the directory.'
            WHEN 'Contact' THEN 'Fill in Email or correct the name and the account; else the person is not in the directory.'
            ELSE 'Fill in Email or correct the name and Company; else the person is not in the directory.' END
        WHEN u.reason = 'vetoed' THEN 'Decide which entity it is, or none if there is no match.'
        WHEN u.reason = 'tie' THEN 'Decide whether it is ' || u.best_entity_id || ' or ' || u.second_entity_id || ': no field that the directory has tells them apart.'
        WHEN u.reason = 'group_collision' THEN 'Decide whether it is ' || u.best_entity_id || ' or ' || u.second_entity_id || ', which belong together or share a name.'
        WHEN u.reason = 'free_mail_only' THEN CASE WHEN u.object = 'Account' THEN 'Fill in Website, or the contacts'' addresses at work.'
            ELSE 'Fill in the company or an address at work.' END
        WHEN u.reason = 'company_unknown' THEN 'Name the company as the directory does, or decide who it is; else the company is not in the directory.'
        ELSE 'Compare it with ' || u.best_entity_id || ' and decide; no change of one or two fields would make it match.'
    END AS next_step
FROM unmatched u
LEFT JOIN remedy r ON r.object = u.object AND r.crm_id = u.crm_id
