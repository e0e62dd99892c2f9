-- The companies that are looked at: dir_company holds no others then.
-- in: dir_company
SELECT entity_id FROM dir_company
