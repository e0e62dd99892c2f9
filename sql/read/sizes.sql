-- How long each seat's lists are; rows that are no longer valid count where they stay on the list.
-- in: seat_map, auto_save, suggested_lead
-- values: $keep BOOLEAN
SELECT s.seat_id, coalesce(s.email, ''), s.crm_sync_active,
    (SELECT count(DISTINCT crm_id) FROM auto_save a WHERE a.seat_id = s.seat_id AND a.object = 'Account' AND (a.still_valid OR $keep)),
    (SELECT count(DISTINCT crm_id) FROM auto_save a WHERE a.seat_id = s.seat_id AND a.object = 'Contact' AND (a.still_valid OR $keep)),
    (SELECT count(*) FROM suggested_lead l WHERE l.seat_id = s.seat_id)
FROM seat_map s
ORDER BY s.seat_id
