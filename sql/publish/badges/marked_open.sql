-- Which of the entities that are looked at work where something is being sold.
-- in: at_open, marked_entity
SELECT * FROM at_open SEMI JOIN marked_entity USING (entity_id)
