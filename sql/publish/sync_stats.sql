-- The administrator's table (D12 to D16) with the denominators of Z22: only live records count, the rate is rounded
-- half up in integers, and the colour comes from the rate before rounding. $green and $yellow are millionths.
-- in: mapping, auto_save, suggested_lead
-- out: sync_stats
-- values: $green BIGINT, $yellow BIGINT, $keep BOOLEAN
WITH object AS (
    SELECT unnest(['Account', 'Contact', 'Lead']) AS object
),
counted AS (
    SELECT o.object,
        count(*) FILTER (status IN ('decided', 'matched', 'duplicate', 'unmatched')) AS records,
        count(*) FILTER (status = 'matched' OR (status = 'decided' AND entity_id IS NOT NULL)) AS matched,
        count(*) FILTER (tier = 'sure' AND status IN ('matched', 'decided')) AS sure,
        count(*) FILTER (status = 'duplicate') AS duplicates,
        count(*) FILTER (decision_seq IS NOT NULL AND status IN ('decided', 'duplicate')) AS decided,
        count(*) FILTER (status IN ('decided', 'unmatched') AND entity_id IS NULL) AS unmatched,
        count(*) FILTER (status = 'person_account') AS person_accounts,
        count(*) FILTER (status = 'converted') AS converted,
        count(*) FILTER (status = 'merged') AS merged,
        count(*) FILTER (status = 'deleted') AS deleted
    FROM object o
    LEFT JOIN mapping m USING (object)
    GROUP BY o.object
),
saved AS (
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
FROM counted c
CROSS JOIN suggested g
LEFT JOIN saved s ON s.object = c.object
