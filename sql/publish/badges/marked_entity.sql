-- The entities that got a badge or lost it, or whose badge is another, and those of other_open.
-- in: changed_badge, other_open
SELECT entity_id FROM changed_badge
UNION
SELECT entity_id FROM other_open
