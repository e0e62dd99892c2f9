-- What is missing or unusable, by field.
-- in: data_quality
SELECT object, field, "check", records, "of"
FROM data_quality
ORDER BY object, field, "check"
