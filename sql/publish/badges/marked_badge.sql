-- The badges of entities that are looked at.
-- in: badge, marked_entity
SELECT entity_kind, entity_id FROM badge SEMI JOIN marked_entity USING (entity_id)
