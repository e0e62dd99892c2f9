-- The probabilities from which a candidate is a match, and a sure one.
-- in: run
SELECT coalesce(CAST(threshold AS DOUBLE), 0), coalesce(CAST(sure AS DOUBLE), 0) FROM run
