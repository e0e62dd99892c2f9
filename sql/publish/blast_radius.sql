-- What people would notice: badges, list rows and active seats won and lost, and the amount of the open pipeline whose
-- opportunities move to other seats' saved lists. The owner of a list row that is no longer valid has lost it.
-- in: badge, previous_badge, auto_save, previous_auto_save, suggested_lead, previous_suggested_lead, seat_map, previous_seat_map, raw_opportunity
-- out: blast_radius
WITH now_saved AS (
    SELECT seat_id, opportunity_id, object, crm_id FROM auto_save WHERE still_valid
),
was_saved AS (
    SELECT seat_id, opportunity_id, object, crm_id FROM previous_auto_save WHERE still_valid
),
list_owner AS (
    SELECT opportunity_id, list_sort(list(DISTINCT seat_id)) AS seats FROM now_saved GROUP BY opportunity_id
),
was_owner AS (
    SELECT opportunity_id, list_sort(list(DISTINCT seat_id)) AS seats FROM was_saved GROUP BY opportunity_id
),
moved AS (
    SELECT coalesce(o.CurrencyIsoCode, '') AS currency, count(*) AS opportunities, sum(o.Amount) AS amount
    FROM list_owner n
    JOIN was_owner w ON w.opportunity_id = n.opportunity_id AND w.seats <> n.seats
    JOIN raw_opportunity o ON o.Id = n.opportunity_id
    GROUP BY coalesce(o.CurrencyIsoCode, '')
)
SELECT 'badges' AS measure, '' AS currency,
    (SELECT count(*) FROM badge ANTI JOIN previous_badge USING (entity_kind, entity_id)) AS gained,
    (SELECT count(*) FROM previous_badge ANTI JOIN badge USING (entity_kind, entity_id)) AS lost,
    CAST(NULL AS DECIMAL(38, 10)) AS amount
UNION ALL
SELECT 'saved_rows', '', (SELECT count(*) FROM now_saved ANTI JOIN was_saved USING (seat_id, opportunity_id, object, crm_id)),
    (SELECT count(*) FROM was_saved ANTI JOIN now_saved USING (seat_id, opportunity_id, object, crm_id)), NULL
UNION ALL
SELECT 'suggested_leads', '', (SELECT count(*) FROM suggested_lead ANTI JOIN previous_suggested_lead USING (seat_id, crm_id)),
    (SELECT count(*) FROM previous_suggested_lead ANTI JOIN suggested_lead USING (seat_id, crm_id)), NULL
UNION ALL
SELECT 'active_seats', '',
    (SELECT count(*) FROM seat_map a WHERE a.crm_sync_active
        AND NOT EXISTS (FROM previous_seat_map b WHERE b.seat_id = a.seat_id AND b.crm_sync_active)),
    (SELECT count(*) FROM previous_seat_map b WHERE b.crm_sync_active
        AND NOT EXISTS (FROM seat_map a WHERE a.seat_id = b.seat_id AND a.crm_sync_active)), NULL
UNION ALL
SELECT 'pipeline_owner_changes', currency, opportunities, 0, amount FROM moved
