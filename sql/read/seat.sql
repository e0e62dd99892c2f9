-- One seat.
-- in: seat_map
-- values: $seat TEXT
SELECT seat_id, coalesce(email, ''), coalesce(user_id, ''), coalesce(reason, ''), sync_on, crm_sync_active
FROM seat_map
WHERE seat_id = $seat
