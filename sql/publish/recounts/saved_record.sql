-- The records on the saved list.
-- in: auto_save
SELECT DISTINCT crm_id FROM auto_save
