-- Members of the directory, where dir_member holds only those that are looked at.
-- in: dir_member
SELECT entity_id, company_ids FROM dir_member
