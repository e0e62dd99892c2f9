-- The probabilities from which a record's candidate is a match, and a sure one. Older runs had one for both kinds.
-- in: run
-- values: $object TEXT
SELECT coalesce(CAST(CASE WHEN $object = 'Account' THEN coalesce(company_threshold, threshold) ELSE threshold END AS DOUBLE), 0),
    coalesce(CAST(CASE WHEN $object = 'Account' THEN coalesce(company_sure, sure) ELSE sure END AS DOUBLE), 0)
FROM run
