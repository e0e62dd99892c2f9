-- The opportunities that name a record and put it on no list.
-- in: not_saved, raw_opportunity
-- values: $object TEXT, $crm_id TEXT
SELECT n.opportunity_id, coalesce(o.Name, ''), coalesce(n.seat_id, ''), coalesce(n.owner_id, ''), n.reason
FROM not_saved n
LEFT JOIN raw_opportunity o ON o.Id = n.opportunity_id
WHERE n.object = $object AND n.crm_id = $crm_id
ORDER BY n.opportunity_id
