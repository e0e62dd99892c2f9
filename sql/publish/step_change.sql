-- Rows of answers, lists and seats that differ between two publications, with what is compared of them as JSON. Weights,
-- ranks and times move every night and change no answer: they are not compared.
-- in: mapping, previous_mapping, auto_save, previous_auto_save, suggested_lead, previous_suggested_lead, not_saved, previous_not_saved, missing_in_crm, previous_missing_in_crm, seat_map, previous_seat_map
-- out: step_change
WITH answer AS (
    SELECT coalesce(a.object, b.object) AS object, coalesce(a.crm_id, b.crm_id) AS crm_id,
        b.entity_id AS entity_before, a.entity_id AS entity_after,
        [b.lost_to, a.lost_to, b.link_crm_id, a.link_crm_id] AS records,
        CASE WHEN b.crm_id IS NOT NULL THEN json_object('status', b.status, 'entity_id', b.entity_id, 'primary', b."primary",
            'link', b.link_crm_id) END AS before,
        CASE WHEN a.crm_id IS NOT NULL THEN json_object('status', a.status, 'entity_id', a.entity_id, 'primary', a."primary",
            'link', a.link_crm_id) END AS after
    FROM previous_mapping b
    FULL JOIN mapping a ON a.object = b.object AND a.crm_id = b.crm_id
    WHERE a.status IS DISTINCT FROM b.status OR a.entity_id IS DISTINCT FROM b.entity_id
        OR a."primary" IS DISTINCT FROM b."primary" OR a.link_crm_id IS DISTINCT FROM b.link_crm_id
        OR a.link_object IS DISTINCT FROM b.link_object
),
saved AS (
    SELECT coalesce(a.seat_id, b.seat_id) AS seat_id, coalesce(a.opportunity_id, b.opportunity_id) AS opportunity_id,
        coalesce(a.object, b.object) AS object, coalesce(a.crm_id, b.crm_id) AS crm_id,
        b.entity_id AS entity_before, a.entity_id AS entity_after, [b.via_crm_id, a.via_crm_id, b.user_id, a.user_id] AS records,
        CASE WHEN b.seat_id IS NOT NULL THEN json_object('entity_id', b.entity_id, 'via', b.via_crm_id, 'user_id', b.user_id,
            'stage', b.stage, 'still_valid', b.still_valid, 'reason', b.reason) END AS before,
        CASE WHEN a.seat_id IS NOT NULL THEN json_object('entity_id', a.entity_id, 'via', a.via_crm_id, 'user_id', a.user_id,
            'stage', a.stage, 'still_valid', a.still_valid, 'reason', a.reason) END AS after
    FROM previous_auto_save b
    FULL JOIN auto_save a ON a.seat_id = b.seat_id AND a.opportunity_id = b.opportunity_id AND a.object = b.object AND a.crm_id = b.crm_id
),
suggested AS (
    SELECT coalesce(a.seat_id, b.seat_id) AS seat_id, coalesce(a.crm_id, b.crm_id) AS crm_id,
        b.entity_id AS entity_before, a.entity_id AS entity_after,
        CASE WHEN b.seat_id IS NOT NULL THEN json_object('entity_id', b.entity_id) END AS before,
        CASE WHEN a.seat_id IS NOT NULL THEN json_object('entity_id', a.entity_id) END AS after
    FROM previous_suggested_lead b
    FULL JOIN suggested_lead a ON a.seat_id = b.seat_id AND a.crm_id = b.crm_id
),
unsaved AS (
    SELECT coalesce(a.opportunity_id, b.opportunity_id) AS opportunity_id, coalesce(a.object, b.object) AS object,
        coalesce(a.crm_id, b.crm_id) AS crm_id, coalesce(a.seat_id, b.seat_id) AS seat_id, [b.owner_id, a.owner_id] AS records,
        CASE WHEN b.crm_id IS NOT NULL THEN json_object('owner_id', b.owner_id, 'seat_id', b.seat_id, 'reason', b.reason) END AS before,
        CASE WHEN a.crm_id IS NOT NULL THEN json_object('owner_id', a.owner_id, 'seat_id', a.seat_id, 'reason', a.reason) END AS after
    FROM previous_not_saved b
    FULL JOIN not_saved a ON a.opportunity_id = b.opportunity_id AND a.object = b.object AND a.crm_id = b.crm_id
),
missing AS (
    SELECT coalesce(a.entity_kind, b.entity_kind) AS entity_kind, coalesce(a.entity_id, b.entity_id) AS entity_id,
        b.entity_id AS entity_before, a.entity_id AS entity_after,
        CASE WHEN b.entity_id IS NOT NULL THEN json_object('saved', b.saved, 'touched', b.touched,
            'open_opportunity', b.open_opportunity, 'company_id', b.company_id) END AS before,
        CASE WHEN a.entity_id IS NOT NULL THEN json_object('saved', a.saved, 'touched', a.touched,
            'open_opportunity', a.open_opportunity, 'company_id', a.company_id) END AS after
    FROM previous_missing_in_crm b
    FULL JOIN missing_in_crm a ON a.entity_kind = b.entity_kind AND a.entity_id = b.entity_id
),
seat AS (
    SELECT coalesce(a.seat_id, b.seat_id) AS seat_id, [b.user_id, a.user_id] AS records,
        CASE WHEN b.seat_id IS NOT NULL THEN json_object('member_id', b.member_id, 'user_id', b.user_id, 'method', b.method,
            'reason', b.reason, 'sync_on', b.sync_on, 'crm_sync_active', b.crm_sync_active) END AS before,
        CASE WHEN a.seat_id IS NOT NULL THEN json_object('member_id', a.member_id, 'user_id', a.user_id, 'method', a.method,
            'reason', a.reason, 'sync_on', a.sync_on, 'crm_sync_active', a.crm_sync_active) END AS after
    FROM previous_seat_map b
    FULL JOIN seat_map a ON a.seat_id = b.seat_id
),
difference AS (
    SELECT 'mapping' AS table_name, object || ' | ' || crm_id AS row_key, object, crm_id, NULL::VARCHAR AS opportunity_id,
        NULL::VARCHAR AS seat_id, entity_before, entity_after, records, before, after
    FROM answer
    UNION ALL
    SELECT 'auto_save', concat_ws(' | ', seat_id, opportunity_id, object, crm_id), object, crm_id, opportunity_id, seat_id,
        entity_before, entity_after, records, before, after
    FROM saved WHERE before IS DISTINCT FROM after
    UNION ALL
    SELECT 'suggested_lead', concat_ws(' | ', seat_id, crm_id), 'Lead', crm_id, NULL, seat_id, entity_before, entity_after, [], before, after
    FROM suggested WHERE before IS DISTINCT FROM after
    UNION ALL
    SELECT 'not_saved', concat_ws(' | ', opportunity_id, object, crm_id), object, crm_id, opportunity_id, seat_id, NULL, NULL,
        records, before, after
    FROM unsaved WHERE before IS DISTINCT FROM after
    UNION ALL
    SELECT 'missing_in_crm', concat_ws(' | ', entity_kind, entity_id), NULL, NULL, NULL, NULL, entity_before, entity_after, [], before, after
    FROM missing WHERE before IS DISTINCT FROM after
    UNION ALL
    SELECT 'seat_map', seat_id, NULL, NULL, NULL, seat_id, NULL, NULL, records, before, after
    FROM seat WHERE before IS DISTINCT FROM after
)
SELECT table_name, row_key, object, crm_id, opportunity_id, seat_id, entity_before, entity_after,
    list_sort(list_distinct(list_filter(records, lambda r: r IS NOT NULL))) AS records,
    CAST(before AS VARCHAR) AS before, CAST(after AS VARCHAR) AS after
FROM difference
