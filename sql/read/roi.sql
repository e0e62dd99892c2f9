-- The ROI summary as people read it: by status and by quarter of closing in the corporate currency, and by currency.
-- Amounts are text, so that no digit is lost on the way.
-- in: roi_summary
WITH part AS (
    SELECT 1 AS part, status, '' AS period, coalesce(corporate_currency, '') AS currency, opportunities, influenced, sourced,
        influenced_and_sourced, corporate_amount AS amount, corporate_influenced_amount AS influenced_amount,
        corporate_sourced_amount AS sourced_amount, corporate_influenced_and_sourced_amount AS both_amount,
        without_corporate_amount AS without, definition_version, time_zone, amount_field
    FROM roi_summary
    UNION ALL
    SELECT 2, status, period, coalesce(corporate_currency, ''), opportunities, influenced, sourced,
        influenced_and_sourced, corporate_amount, corporate_influenced_amount,
        corporate_sourced_amount, corporate_influenced_and_sourced_amount,
        without_corporate_amount, definition_version, time_zone, amount_field
    FROM roi_summary
    UNION ALL
    SELECT 3, status, '', currency, opportunities, influenced, sourced,
        influenced_and_sourced, amount, influenced_amount, sourced_amount, influenced_and_sourced_amount,
        without_amount, definition_version, time_zone, amount_field
    FROM roi_summary
)
SELECT part, status, period, currency, CAST(sum(opportunities) AS BIGINT), CAST(sum(influenced) AS BIGINT),
    CAST(sum(sourced) AS BIGINT), CAST(sum(influenced_and_sourced) AS BIGINT), CAST(sum(amount) AS VARCHAR),
    CAST(sum(influenced_amount) AS VARCHAR), CAST(sum(sourced_amount) AS VARCHAR), CAST(sum(both_amount) AS VARCHAR),
    CAST(sum(without) AS BIGINT), min(definition_version), min(time_zone), min(amount_field)
FROM part
GROUP BY part, status, period, currency
ORDER BY part, CASE status WHEN 'won' THEN 1 WHEN 'lost' THEN 2 ELSE 3 END, period, currency
