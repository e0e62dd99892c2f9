-- The opportunities that put a record, or the record it lost to, on a seat's saved list; valid ones first.
-- in: auto_save, raw_opportunity
-- values: $seat TEXT, $object TEXT, $crm_id TEXT, $winner TEXT
SELECT s.opportunity_id, coalesce(o.Name, ''), coalesce(s.stage, ''), s.crm_id, s.still_valid, coalesce(s.reason, ''), s.saved_at
FROM auto_save s
LEFT JOIN raw_opportunity o ON o.Id = s.opportunity_id
WHERE s.seat_id = $seat AND s.object = $object AND (s.crm_id IN ($crm_id, $winner) OR s.via_crm_id = $crm_id)
ORDER BY s.still_valid DESC, s.saved_at DESC, s.opportunity_id
