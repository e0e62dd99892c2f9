-- The saved list that comes from the CRM (Z19): active seats × open opportunities of their user past the chosen stage
-- × the account and the contacts with an entity. A row never leaves (F8, F10): one that no longer follows from the
-- rule stays with one reason, the first that applies. A row that follows again turns valid again. The entity of a row
-- that stays follows the directory's redirects, as the answer of a deleted record does: its badge must find it.
-- in: opportunity_record, seat_map, mapping, raw_opportunity, stage_order, redirected, previous_auto_save
-- out: auto_save
-- values: $as_of TIMESTAMPTZ, $every_stage BOOLEAN
WITH valid AS (
    SELECT s.seat_id, r.opportunity_id, r.object, r.saved_crm_id AS crm_id,
        min(r.entity_kind) AS entity_kind, min(r.entity_id) AS entity_id, min(r.crm_id) AS via_crm_id,
        min(s.user_id) AS user_id, min(r.stage) AS stage
    FROM opportunity_record r
    JOIN seat_map s ON s.user_id = r.owner_id
    WHERE s.crm_sync_active AND NOT r.gone AND NOT r.closed AND r.past AND r.saved_crm_id IS NOT NULL
    GROUP BY s.seat_id, r.opportunity_id, r.object, r.saved_crm_id
),
no_longer AS (
    SELECT p.* FROM previous_auto_save p ANTI JOIN valid v USING (seat_id, opportunity_id, object, crm_id)
),
explained AS (
    SELECT p.* REPLACE (coalesce(d.new_id, p.entity_id) AS entity_id),
        CASE
            WHEN o.Id IS NULL OR coalesce(o.IsDeleted, false) OR o.missing_since IS NOT NULL THEN 'record_deleted'
            WHEN m.crm_id IS NULL OR m.status IN ('deleted', 'merged') THEN 'record_deleted'
            WHEN o.IsClosed THEN 'closed'
            WHEN NOT ($every_stage OR coalesce(g.past, false)) THEN 'stage_back'
            WHEN o.OwnerId IS DISTINCT FROM p.user_id THEN 'owner_changed'
            WHEN NOT coalesce(s.crm_sync_active AND s.user_id = p.user_id, false) THEN 'seat_off'
            WHEN r.gone OR r.status IN ('deleted', 'merged') THEN 'record_deleted'
            ELSE 'match_corrected'
        END AS why
    FROM no_longer p
    LEFT JOIN raw_opportunity o ON o.Id = p.opportunity_id
    LEFT JOIN stage_order g ON g.stage = o.StageName
    LEFT JOIN mapping m ON m.object = p.object AND m.crm_id = p.crm_id
    LEFT JOIN seat_map s ON s.seat_id = p.seat_id
    LEFT JOIN opportunity_record r
        ON r.opportunity_id = p.opportunity_id AND r.object = p.object AND r.crm_id = p.via_crm_id
    LEFT JOIN redirected d ON d.old_id = p.entity_id
)
SELECT v.seat_id, v.opportunity_id, v.object, v.crm_id, v.entity_kind, v.entity_id, v.via_crm_id, v.user_id, v.stage,
    true AS still_valid, NULL::VARCHAR AS reason, coalesce(p.saved_at, CAST($as_of AS TIMESTAMPTZ)) AS saved_at
FROM valid v
LEFT JOIN previous_auto_save p USING (seat_id, opportunity_id, object, crm_id)
UNION ALL
SELECT seat_id, opportunity_id, object, crm_id, entity_kind, entity_id, via_crm_id, user_id, stage, false, why, saved_at
FROM explained
