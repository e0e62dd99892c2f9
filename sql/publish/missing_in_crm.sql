-- Directory entities one would expect in the CRM: touched or saved by a seat, or people at a mapped company with an
-- open opportunity, and without a badge (Z24).
-- in: raw_activity, redirected, at_open, dir_company, dir_member, badge
-- out: missing_in_crm
WITH act AS (
    SELECT 'member' AS entity_kind, member_id AS entity_id, seat_id, kind, activity_id, occurred_at
    FROM raw_activity
    WHERE member_id IS NOT NULL AND seat_id IS NOT NULL
    UNION ALL
    SELECT 'company', company_id, seat_id, kind, activity_id, occurred_at
    FROM raw_activity
    WHERE company_id IS NOT NULL AND seat_id IS NOT NULL
),
by_seat AS (
    SELECT a.entity_kind, coalesce(r.new_id, a.entity_id) AS entity_id, a.seat_id,
        max(struct_pack(at := coalesce(a.occurred_at, TIMESTAMPTZ '1970-01-01 00:00:00+00'), id := a.activity_id, kind := a.kind))
            FILTER (a.kind IN ('save', 'unsave')) AS last_save,
        bool_or(a.kind NOT IN ('save', 'unsave')) AS touched,
        max(a.occurred_at) AS last_at
    FROM act a
    LEFT JOIN redirected r ON r.old_id = a.entity_id
    GROUP BY ALL
),
by_entity AS (
    SELECT entity_kind, entity_id,
        bool_or(coalesce(last_save.kind = 'save', false)) AS saved,
        bool_or(touched) AS touched,
        count(*) FILTER (touched OR coalesce(last_save.kind = 'save', false)) AS seats,
        max(last_at) AS last_at
    FROM by_seat
    GROUP BY entity_kind, entity_id
),
wanted AS (
    SELECT entity_kind, entity_id FROM by_entity WHERE saved OR touched
    UNION
    SELECT 'member', entity_id FROM at_open
),
absent AS (
    SELECT w.* FROM wanted w ANTI JOIN badge b USING (entity_kind, entity_id)
),
listed AS (
    SELECT a.entity_kind, a.entity_id, d.company_ids[1] AS company_id
    FROM absent a
    JOIN dir_member d ON d.entity_id = a.entity_id
    WHERE a.entity_kind = 'member'
    UNION ALL
    SELECT a.entity_kind, a.entity_id, NULL
    FROM absent a
    SEMI JOIN dir_company d ON d.entity_id = a.entity_id
    WHERE a.entity_kind = 'company'
)
SELECT l.entity_kind, l.entity_id,
    coalesce(e.saved, false) AS saved,
    coalesce(e.touched, false) AS touched,
    o.entity_id IS NOT NULL AS open_opportunity,
    coalesce(e.seats, 0) AS seats,
    e.last_at AS last_touched_at,
    l.company_id
FROM listed l
LEFT JOIN by_entity e ON e.entity_kind = l.entity_kind AND e.entity_id = l.entity_id
LEFT JOIN (SELECT 'member' AS entity_kind, entity_id FROM at_open) o ON o.entity_kind = l.entity_kind AND o.entity_id = l.entity_id
