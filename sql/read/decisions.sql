-- What people decided about one record, in order. Ids may have been written with 15 characters.
-- in: raw_decision
-- values: $crm_id TEXT
SELECT seq, coalesce(verdict, ''), coalesce(entity_id, ''), coalesce("by", ''), "at", coalesce(note, '')
FROM raw_decision
WHERE crm_id IN ($crm_id, left($crm_id, 15))
ORDER BY seq
