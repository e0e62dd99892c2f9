-- The rows of the saved list that differ, as they were and as they are, where auto_save holds those of opportunities of which something differs.
-- in: deal_saved, auto_save
(FROM deal_saved EXCEPT FROM auto_save)
UNION ALL
(FROM auto_save EXCEPT FROM deal_saved)
