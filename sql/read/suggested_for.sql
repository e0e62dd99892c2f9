-- A lead's owner, and its place on a seat's suggested list.
-- in: raw_lead, suggested_lead
-- values: $seat TEXT, $crm_id TEXT
SELECT coalesce(l.OwnerId, ''), coalesce(s.rank, 0), coalesce(s.reason, '')
FROM raw_lead l
LEFT JOIN suggested_lead s ON s.crm_id = l.Id AND s.seat_id = $seat
WHERE l.Id = $crm_id
