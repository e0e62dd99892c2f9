-- The administrator's table (D12 to D16) with the denominators of Z22: only live records count, the rate is rounded
-- half up in integers, and the colour comes from the rate before rounding. $green and $yellow are millionths.
-- in: mapping_count, auto_save, suggested_lead
-- out: sync_stats
-- values: $green BIGINT, $yellow BIGINT, $keep BOOLEAN
WITH saved AS (
    SELECT object, count(DISTINCT crm_id) AS records FROM auto_save WHERE still_valid OR $keep GROUP BY object
),
suggested AS (
    SELECT count(DISTINCT crm_id) AS records FROM suggested_lead
)
SELECT c.object, c.records, c.matched, c.sure,
    CASE WHEN c.records > 0 THEN CAST((200 * c.matched + c.records) // (2 * c.records) AS BIGINT) END AS match_rate_percent,
    CASE
        WHEN c.records = 0 THEN NULL
        WHEN c.matched * 1000000 >= $green * c.records THEN 'green'
        WHEN c.matched * 1000000 >= $yellow * c.records THEN 'yellow'
        ELSE 'red'
    END AS match_color,
    c.duplicates, c.decided, c.unmatched,
    CASE WHEN c.object <> 'Lead' THEN coalesce(s.records, 0) END AS saved,
    CASE WHEN c.object = 'Lead' THEN g.records END AS suggested,
    c.person_accounts, c.converted, c.merged, c.deleted
FROM mapping_count c
CROSS JOIN suggested g
LEFT JOIN saved s ON s.object = c.object
