-- A list of the user as it stands in its files: what is not there now is gone, for a list is no history.
-- Beside the header's tables: landed and superseded of the list.
-- in: reject
SELECT * EXCLUDE (row_name, file, line) FROM landed ANTI JOIN superseded USING (file, line)
