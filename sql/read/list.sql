-- A seat's list, one row per record: what is saved, then what is suggested, with names and contact data.
-- in: auto_save, suggested_lead, raw_opportunity, raw_account, raw_contact, raw_lead, contact_card, badge, raw_company, raw_member
-- values: $seat TEXT
WITH saved AS (
    SELECT object, crm_id, min(entity_kind) AS entity_kind, min(entity_id) AS entity_id,
        count(*) AS opportunities,
        arg_max(opportunity_id, (still_valid, saved_at, opportunity_id)) AS opportunity_id,
        arg_max(stage, (still_valid, saved_at, opportunity_id)) AS stage,
        bool_or(still_valid) AS still_valid,
        arg_max(reason, (still_valid, saved_at, opportunity_id)) AS reason,
        min(saved_at) AS saved_at
    FROM auto_save
    WHERE seat_id = $seat
    GROUP BY object, crm_id
),
listed AS (
    SELECT 'saved' AS list, 0 AS rank, object, crm_id, entity_kind, entity_id, opportunities, opportunity_id, stage,
        still_valid, CASE WHEN still_valid THEN '' ELSE coalesce(reason, '') END AS reason, saved_at
    FROM saved
    UNION ALL
    SELECT 'suggested', rank, 'Lead', crm_id, 'member', entity_id, 0, NULL, NULL, true, reason, NULL
    FROM suggested_lead
    WHERE seat_id = $seat
),
wanted AS (SELECT DISTINCT crm_id FROM listed),
wanted_entity AS (SELECT DISTINCT entity_id FROM listed),
person AS (
    SELECT c.Id AS crm_id, coalesce(nullif(concat_ws(' ', c.FirstName, c.LastName), ''), c.Name) AS name, c.Title AS title, a.Name AS company
    FROM raw_contact c SEMI JOIN wanted w ON w.crm_id = c.Id
    LEFT JOIN raw_account a ON a.Id = c.AccountId
    UNION ALL
    SELECT l.Id, concat_ws(' ', l.FirstName, l.LastName), l.Title, l.Company
    FROM raw_lead l SEMI JOIN wanted w ON w.crm_id = l.Id
    UNION ALL
    SELECT a.Id, a.Name, NULL, NULL
    FROM raw_account a SEMI JOIN wanted w ON w.crm_id = a.Id
),
entity AS (
    SELECT 'company' AS entity_kind, company_id AS entity_id, name
    FROM raw_company c SEMI JOIN wanted_entity w ON w.entity_id = c.company_id
    UNION ALL
    SELECT 'member', member_id, coalesce(nullif(concat_ws(' ', first_name, last_name), ''), name)
    FROM raw_member m SEMI JOIN wanted_entity w ON w.entity_id = m.member_id
)
SELECT l.list, l.object, l.crm_id, coalesce(p.name, ''), coalesce(p.title, ''), coalesce(p.company, ''),
    coalesce(k.email, ''), coalesce(k.phone, k.mobile_phone, ''), l.entity_kind, l.entity_id, coalesce(e.name, ''),
    coalesce(b.lightning_url, ''), l.opportunities, coalesce(l.opportunity_id, ''), coalesce(o.Name, ''), coalesce(l.stage, ''),
    l.still_valid, l.reason, l.saved_at, l.rank
FROM listed l
LEFT JOIN person p ON p.crm_id = l.crm_id
LEFT JOIN entity e ON e.entity_kind = l.entity_kind AND e.entity_id = l.entity_id
LEFT JOIN contact_card k ON k.member_id = CASE WHEN l.entity_kind = 'member' THEN l.entity_id END
LEFT JOIN badge b ON b.entity_kind = l.entity_kind AND b.entity_id = l.entity_id
LEFT JOIN raw_opportunity o ON o.Id = l.opportunity_id
ORDER BY CASE l.list WHEN 'saved' THEN 0 ELSE 1 END, l.rank, l.object, p.name, l.crm_id
