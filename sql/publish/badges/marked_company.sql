-- Companies of the directory, where dir_company holds only those that are looked at.
-- in: dir_company
SELECT entity_id FROM dir_company
