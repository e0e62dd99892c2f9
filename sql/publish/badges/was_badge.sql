-- The badges that entities had whose badge is made anew.
-- in: earlier_badge, badge_entity
SELECT * FROM earlier_badge SEMI JOIN badge_entity USING (entity_id)
