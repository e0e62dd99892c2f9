-- What the ROI tables must keep, as numbers of rows that break it: one row per opportunity, and sums that equal those of
-- the CRM's own field, by status, to the last digit. Amounts too large to be any are left out on both sides.
-- in: raw_opportunity, roi_opportunity, roi_summary
-- out: check_count
WITH live AS (
    SELECT Id, CASE WHEN IsClosed THEN CASE WHEN IsWon THEN 'won' ELSE 'lost' END ELSE 'open' END AS status,
        CASE WHEN abs(WonValue) < 1000000000000000000 THEN WonValue END AS amount
    FROM raw_opportunity
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
)
SELECT 'roi_row_per_opportunity' AS check_name, count(*) FILTER (l.Id IS NULL OR o.opportunity_id IS NULL) AS failing
FROM live l
FULL JOIN roi_opportunity o ON o.opportunity_id = l.Id
UNION ALL
SELECT 'roi_amounts_equal_crm', count(*) FILTER (l.amount IS DISTINCT FROM s.amount OR l.opportunities IS DISTINCT FROM s.opportunities)
FROM (SELECT status, coalesce(sum(amount), 0) AS amount, count(*) AS opportunities FROM live GROUP BY status) l
FULL JOIN (SELECT status, sum(amount) AS amount, CAST(sum(opportunities) AS BIGINT) AS opportunities FROM roi_summary GROUP BY status) s
    USING (status)
UNION ALL
SELECT 'roi_summary_equals_rows', count(*) FILTER (l.amount IS DISTINCT FROM s.amount)
FROM (SELECT status, coalesce(sum(corporate_amount) FILTER (influenced OR sourced), 0) AS amount FROM roi_opportunity GROUP BY status) l
FULL JOIN (SELECT status, sum(corporate_influenced_amount + corporate_sourced_amount - corporate_influenced_and_sourced_amount) AS amount
    FROM roi_summary GROUP BY status) s
    USING (status)
