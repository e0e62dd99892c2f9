-- ROI definition, version 1: roi_opportunity added up. Nothing is rounded here: the sums are those of the rows.
-- in: roi_opportunity
-- out: roi_summary
SELECT status, period, coalesce(currency, 'none') AS currency, '1' AS definition_version,
    min(time_zone) AS time_zone, min(amount_field) AS amount_field, min(corporate_currency) AS corporate_currency,
    count(*) AS opportunities,
    count(*) FILTER (influenced) AS influenced,
    count(*) FILTER (sourced) AS sourced,
    count(*) FILTER (influenced AND sourced) AS influenced_and_sourced,
    coalesce(sum(amount), 0) AS amount,
    coalesce(sum(amount) FILTER (influenced), 0) AS influenced_amount,
    coalesce(sum(amount) FILTER (sourced), 0) AS sourced_amount,
    coalesce(sum(amount) FILTER (influenced AND sourced), 0) AS influenced_and_sourced_amount,
    coalesce(sum(corporate_amount), 0) AS corporate_amount,
    coalesce(sum(corporate_amount) FILTER (influenced), 0) AS corporate_influenced_amount,
    coalesce(sum(corporate_amount) FILTER (sourced), 0) AS corporate_sourced_amount,
    coalesce(sum(corporate_amount) FILTER (influenced AND sourced), 0) AS corporate_influenced_and_sourced_amount,
    count(*) - count(amount) AS without_amount,
    count(*) - count(corporate_amount) AS without_corporate_amount
FROM roi_opportunity
GROUP BY status, period, coalesce(currency, 'none')
