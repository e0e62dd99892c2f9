-- How far the model's numbers are from the data, in the model's order.
-- in: model_drift
SELECT kind, comparison, position, greatest(m_bits, u_bits) AS bits, drifted, coalesce(level, '') AS level, coalesce(what, '') AS what,
    coalesce(CAST(model_value AS DOUBLE), 0) AS model_value, coalesce(CAST(data_value AS DOUBLE), 0) AS data_value
FROM model_drift
ORDER BY kind, position, comparison
