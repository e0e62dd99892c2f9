-- The probability from which a candidate is a match.
-- in: run
SELECT CAST(threshold AS DOUBLE) FROM run
