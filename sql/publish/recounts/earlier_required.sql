-- What the earlier call counted of fields that the import needs; the table's other rows are normalize's.
-- in: earlier_data_quality
SELECT * FROM earlier_data_quality WHERE "check" = 'missing'
