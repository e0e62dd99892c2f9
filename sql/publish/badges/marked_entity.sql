-- The entities that are looked at: those with another badge than they had, or one of the two, and those of other_open.
-- in: changed_badge, other_open
SELECT entity_id FROM changed_badge
UNION
SELECT entity_id FROM other_open
