-- Contact data shown with a member: that of its primary record, refreshed by every run (E6).
-- in: mapping, raw_contact, raw_lead
-- out: contact_card
SELECT m.entity_id AS member_id, m.object, m.crm_id, c.Email AS email, c.Phone AS phone, c.MobilePhone AS mobile_phone
FROM mapping m
JOIN raw_contact c ON c.Id = m.crm_id
WHERE m."primary" AND m.object = 'Contact' AND m.entity_id IS NOT NULL
UNION ALL
SELECT m.entity_id, m.object, m.crm_id, l.Email, l.Phone, l.MobilePhone
FROM mapping m
JOIN raw_lead l ON l.Id = m.crm_id
WHERE m."primary" AND m.object = 'Lead' AND m.entity_id IS NOT NULL
