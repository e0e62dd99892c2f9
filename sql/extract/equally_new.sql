-- Rows read that lost to an equally new version of their record in the mirror as it is now.
-- Beside the header's tables: landed, superseded and after, the mirror of the object after this import.
-- in: reject
SELECT count(*)
FROM landed l
SEMI JOIN superseded s ON s.file = l.file AND s.line = l.line
JOIN after a ON a.name = l.name AND a.stamp = l.stamp
