-- The members of whom it is news that they work where something is being sold, or that they do no longer. Who had a badge and has it still is
-- missing in neither case.
-- in: earlier_missing_in_crm, at_open, badge
WITH was_open AS (
    SELECT entity_id FROM earlier_missing_in_crm WHERE open_opportunity
)
SELECT entity_id FROM was_open ANTI JOIN at_open USING (entity_id)
UNION
SELECT entity_id
FROM at_open
ANTI JOIN was_open USING (entity_id)
ANTI JOIN (SELECT entity_id FROM badge WHERE entity_kind = 'member') USING (entity_id)
