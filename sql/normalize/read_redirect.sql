-- Directory ids that were replaced.
-- in: raw_redirect
SELECT old_id, new_id FROM raw_redirect
