-- What seats did towards the entities that are looked at, also under ids that the directory has given up.
-- in: raw_activity, redirected, marked_entity
WITH marked_id AS MATERIALIZED (
    SELECT entity_id FROM marked_entity
    UNION
    SELECT old_id FROM redirected SEMI JOIN marked_entity ON new_id = entity_id
)
SELECT activity_id, seat_id, kind, occurred_at, member_id, company_id
FROM raw_activity
WHERE member_id IN (SELECT entity_id FROM marked_id) OR company_id IN (SELECT entity_id FROM marked_id)
