-- The log of changes: every row that differs between the publication before and this one, with the exchange of inputs at
-- which it took its final value: the last one that changed it. Among changes by the CRM, those that touch a record which
-- was deleted, merged, converted, went missing or came back, or an entity of such a record, are told apart.
-- in: step_change, walked, fate_change, mapping, previous_mapping
-- out: change
WITH final AS (
    SELECT table_name, row_key, arg_max(cause, position) AS cause FROM walked GROUP BY table_name, row_key
),
touched AS (
    SELECT m.entity_id FROM mapping m SEMI JOIN fate_change f ON f.crm_id = m.crm_id WHERE m.entity_id IS NOT NULL
    UNION
    SELECT m.entity_id FROM previous_mapping m SEMI JOIN fate_change f ON f.crm_id = m.crm_id WHERE m.entity_id IS NOT NULL
),
related AS (
    SELECT table_name, row_key, unnest([crm_id, opportunity_id] || records) AS crm_id FROM step_change
),
by_record AS (
    SELECT DISTINCT r.table_name, r.row_key FROM related r SEMI JOIN fate_change f ON f.crm_id = r.crm_id
),
by_entity AS (
    SELECT DISTINCT s.table_name, s.row_key
    FROM (SELECT table_name, row_key, unnest([entity_before, entity_after]) AS entity_id FROM step_change) s
    SEMI JOIN touched t ON t.entity_id = s.entity_id
)
SELECT s.table_name, s.row_key,
    CASE WHEN s.before IS NULL THEN 'added' WHEN s.after IS NULL THEN 'removed' ELSE 'changed' END AS kind,
    CASE
        WHEN coalesce(w.cause, 'program') <> 'crm_data' THEN coalesce(w.cause, 'program')
        WHEN r.row_key IS NOT NULL OR e.row_key IS NOT NULL THEN 'crm_merge_or_delete'
        ELSE 'crm_data'
    END AS cause,
    s.object, s.crm_id, s.opportunity_id, s.seat_id, coalesce(s.entity_after, s.entity_before) AS entity_id, s.before, s.after
FROM step_change s
LEFT JOIN final w ON w.table_name = s.table_name AND w.row_key = s.row_key
LEFT JOIN by_record r ON r.table_name = s.table_name AND r.row_key = s.row_key
LEFT JOIN by_entity e ON e.table_name = s.table_name AND e.row_key = s.row_key
