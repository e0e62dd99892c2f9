-- Ids to try the other commands with: a matched contact with a runner-up, and the seat with the longest list.
-- in: mapping, candidate, auto_save, suggested_lead, seat_map
SELECT
    coalesce(
        (SELECT min(m.crm_id) FROM mapping m SEMI JOIN candidate c ON c.object = m.object AND c.crm_id = m.crm_id AND c.rank = 2
         WHERE m.object = 'Contact' AND m.status = 'matched'),
        (SELECT min(crm_id) FROM mapping WHERE object = 'Contact' AND status = 'matched'),
        (SELECT min(crm_id) FROM mapping), ''),
    coalesce(
        (SELECT seat_id FROM (
             SELECT seat_id, count(DISTINCT crm_id) AS records FROM (
                 SELECT seat_id, crm_id FROM auto_save UNION ALL SELECT seat_id, crm_id FROM suggested_lead)
             GROUP BY seat_id)
         ORDER BY records DESC, seat_id LIMIT 1),
        (SELECT min(seat_id) FROM seat_map), '')
