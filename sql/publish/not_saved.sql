-- Why something on an opportunity is on no list: the first reason that applies (Z21).
-- in: opportunity_record, seat_map
-- out: not_saved
WITH seated AS (
    SELECT user_id, min(seat_id) AS seat_id, bool_or(crm_sync_active) AS active
    FROM seat_map
    WHERE user_id IS NOT NULL
    GROUP BY user_id
),
judged AS (
    SELECT r.opportunity_id, r.object, r.crm_id, r.owner_id, s.seat_id,
        CASE
            WHEN r.gone OR r.status IN ('deleted', 'merged') THEN 'deleted'
            WHEN r.closed THEN 'closed'
            WHEN NOT r.past THEN 'stage_not_past'
            WHEN s.user_id IS NULL THEN 'owner_has_no_seat'
            WHEN NOT s.active THEN 'sync_off'
            WHEN r.status = 'person_account' THEN 'person_account'
            WHEN r.saved_crm_id IS NULL THEN 'unmatched'
        END AS reason
    FROM opportunity_record r
    LEFT JOIN seated s ON s.user_id = r.owner_id
)
SELECT opportunity_id, object, crm_id, owner_id, seat_id, reason FROM judged WHERE reason IS NOT NULL
