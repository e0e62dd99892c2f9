-- The log of changes: what concerns people's answers first.
-- in: change
-- values: $limit BIGINT
SELECT table_name, row_key, kind, cause, coalesce(object, ''), coalesce(crm_id, ''), coalesce(opportunity_id, ''), coalesce(seat_id, ''),
    coalesce(entity_id, ''), coalesce(before, ''), coalesce(after, '')
FROM change
ORDER BY list_position(['mapping', 'auto_save', 'suggested_lead', 'seat_map', 'missing_in_crm', 'not_saved'], table_name), row_key
LIMIT $limit
