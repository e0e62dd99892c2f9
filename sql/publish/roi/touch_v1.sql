-- ROI definition, version 1: which activities lead to an opportunity, by which path, and which of them count.
-- Paths in order: person, account, converted_lead; a touch stands once per opportunity, under the first. An open
-- opportunity has not closed, so its window ends with the run; a closed one ends with its CloseDate or, where that is
-- earlier, with the run. The window is the 90 days, days of $zone, of which the last is the day it closed.
-- in: raw_opportunity, raw_contact, raw_activity, redirected, mapping, roi_person
-- out: roi_touch
-- values: $zone TEXT, $as_of TIMESTAMPTZ
WITH dated AS (
    SELECT Id, AccountId, coalesce(IsClosed, false) AS closed, CloseDate AS close_date,
        CAST(timezone($zone, CreatedDate) AS DATE) AS created_on,
        CAST(timezone($zone, CAST($as_of AS TIMESTAMPTZ)) AS DATE) AS today
    FROM raw_opportunity
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
deal AS (
    SELECT *, CASE WHEN NOT closed THEN today WHEN close_date < today THEN close_date WHEN close_date >= today THEN today END AS last_day
    FROM dated
),
act AS (
    SELECT a.activity_id, a.seat_id, a.kind, a.occurred_at,
        CAST(timezone($zone, a.occurred_at) AS DATE) AS occurred_on,
        coalesce(m.new_id, a.member_id) AS member_id,
        coalesce(c.new_id, a.company_id) AS company_id
    FROM raw_activity a
    LEFT JOIN redirected m ON m.old_id = a.member_id
    LEFT JOIN redirected c ON c.old_id = a.company_id
),
reached AS (
    SELECT a.activity_id, p.opportunity_id,
        struct_pack(place := CASE p.path WHEN 'person' THEN 1 ELSE 3 END, via_object := p.via_object, via_crm_id := p.via_crm_id) AS way
    FROM act a
    JOIN roi_person p ON p.member_id = a.member_id
    UNION ALL
    SELECT a.activity_id, d.Id, struct_pack(place := 2, via_object := 'Contact', via_crm_id := c.Id)
    FROM act a
    JOIN mapping m ON m.object = 'Contact' AND m.entity_id = a.member_id
    JOIN raw_contact c ON c.Id = m.crm_id
    JOIN deal d ON d.AccountId = c.AccountId
    UNION ALL
    SELECT a.activity_id, d.Id, struct_pack(place := 2, via_object := 'Account', via_crm_id := m.crm_id)
    FROM act a
    JOIN mapping m ON m.object = 'Account' AND m.entity_id = a.company_id
    JOIN deal d ON d.AccountId = m.crm_id
),
touch AS (
    SELECT activity_id, opportunity_id, min(way) AS way FROM reached GROUP BY activity_id, opportunity_id
),
judged AS (
    SELECT d.Id AS opportunity_id, a.*, t.way,
        d.last_day - a.occurred_on AS days_before_close,
        d.created_on - a.occurred_on AS days_before_created,
        CASE
            WHEN coalesce(a.kind NOT IN ('inmail', 'message', 'call', 'presentation_view'), true) THEN 'kind_not_counted'
            WHEN a.occurred_at IS NULL THEN 'no_time'
            WHEN a.occurred_at >= $as_of OR d.closed AND a.occurred_on > d.close_date THEN 'after_close'
            WHEN d.last_day IS NULL THEN 'no_close_date'
            WHEN d.last_day - a.occurred_on >= 90 THEN 'outside_window'
        END AS reason
    FROM touch t
    JOIN act a USING (activity_id)
    JOIN deal d ON d.Id = t.opportunity_id
)
SELECT opportunity_id, activity_id, '1' AS definition_version, seat_id, kind, occurred_at, occurred_on, member_id, company_id,
    ['person', 'account', 'converted_lead'][way.place] AS path, way.via_object, way.via_crm_id,
    days_before_close, days_before_created,
    coalesce(reason IN ('outside_window', 'no_close_date'), true) AS counted,
    reason IS NULL AS influences,
    reason
FROM judged
