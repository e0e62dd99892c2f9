-- The members who are looked at: dir_member holds no others then.
-- in: dir_member
SELECT entity_id, company_ids FROM dir_member
