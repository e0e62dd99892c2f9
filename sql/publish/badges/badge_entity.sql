-- The entities whose badge is made anew: those whose primary record differs, and those that came to a list or left it.
-- in: was_mapping, is_mapping, changed_auto_save
SELECT entity_id FROM was_mapping WHERE "primary" AND entity_id IS NOT NULL
UNION
SELECT entity_id FROM is_mapping WHERE "primary" AND entity_id IS NOT NULL
UNION
SELECT entity_id FROM changed_auto_save
