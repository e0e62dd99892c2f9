-- Leads assigned to the user of an active seat, less what that seat saved (Z20). A lead counts as saved where the
-- seat's last save or unsave of its member, by time and then by id, is a save. The list starts with leads that work
-- where a deal is open, then the recently active, the unread and the rest; within each the latest activity first (F12).
-- in: raw_lead, mapping, seat_map, raw_activity, redirected, at_open
-- out: suggested_lead
-- values: $today TIMESTAMPTZ, $open_only BOOLEAN
WITH assigned AS (
    SELECT s.seat_id, l.Id AS crm_id, m.entity_id, m.weight, l.LastActivityDate AS last_activity, l.IsUnreadByOwner AS unread
    FROM raw_lead l
    JOIN mapping m ON m.object = 'Lead' AND m.crm_id = l.Id
    JOIN seat_map s ON s.user_id = l.OwnerId
    WHERE s.crm_sync_active AND m.status IN ('matched', 'decided') AND m.entity_id IS NOT NULL
),
last_save AS (
    SELECT a.seat_id, coalesce(r.new_id, a.member_id) AS entity_id,
        max(struct_pack(at := coalesce(a.occurred_at, TIMESTAMPTZ '1970-01-01 00:00:00+00'), id := a.activity_id, kind := a.kind)) AS last
    FROM raw_activity a
    LEFT JOIN redirected r ON r.old_id = a.member_id
    WHERE a.kind IN ('save', 'unsave') AND a.member_id IS NOT NULL AND a.seat_id IS NOT NULL
    GROUP BY ALL
),
judged AS (
    SELECT a.*,
        CASE
            WHEN o.entity_id IS NOT NULL THEN 1
            WHEN a.last_activity >= CAST(CAST($today AS TIMESTAMPTZ) AS DATE) - 30 THEN 2
            WHEN a.unread THEN 3
            ELSE 4
        END AS relevance
    FROM assigned a
    LEFT JOIN at_open o ON o.entity_id = a.entity_id
    LEFT JOIN last_save s ON s.seat_id = a.seat_id AND s.entity_id = a.entity_id
    WHERE coalesce(s.last.kind, 'unsave') <> 'save' AND (o.entity_id IS NOT NULL OR NOT $open_only)
)
SELECT seat_id, crm_id, entity_id,
    row_number() OVER (PARTITION BY seat_id ORDER BY relevance, last_activity DESC NULLS LAST, weight DESC NULLS LAST, crm_id)
        AS rank,
    ['at_open_opportunity', 'recent_activity', 'unread', 'assigned'][relevance] AS reason
FROM judged
