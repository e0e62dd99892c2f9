-- What seats did towards the entities of records that lead to an opportunity of which something differs.
-- in: raw_activity, redirected, deal_record, deal_mapping
WITH entity AS (
    SELECT entity_id FROM deal_mapping SEMI JOIN deal_record USING (crm_id) WHERE entity_id IS NOT NULL
),
named AS (
    SELECT entity_id FROM entity
    UNION
    SELECT old_id FROM redirected WHERE new_id IN (SELECT entity_id FROM entity)
)
SELECT activity_id, seat_id, kind, occurred_at, member_id, company_id
FROM raw_activity
WHERE member_id IN (SELECT entity_id FROM named) OR company_id IN (SELECT entity_id FROM named)
