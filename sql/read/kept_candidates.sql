-- The candidates that were kept for each record, to hold their probabilities against the truth.
-- in: candidate
SELECT object, crm_id, rank, entity_id, CAST(probability * 1000000 AS BIGINT), candidates FROM candidate
