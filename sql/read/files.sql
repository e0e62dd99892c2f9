-- What was read, by file.
-- in: extract_log
SELECT object, file, rows_in, kept, superseded, rejected, bytes
FROM extract_log
ORDER BY object, file
