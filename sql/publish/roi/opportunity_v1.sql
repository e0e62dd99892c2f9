-- ROI definition, version 1. Influenced: at least one counted touch in the 90 days before the opportunity closed.
-- Sourced: the first counted touch of all came before the opportunity was created, at most 180 days, and before its
-- person or the account had any other opportunity. What a person has: see roi_person. Deleted and missing opportunities
-- are out, as others too.
-- in: raw_opportunity, roi_touch, roi_person, roi_amount
-- out: roi_opportunity
-- values: $zone TEXT, $as_of TIMESTAMPTZ, $amount_field TEXT
WITH deal AS (
    SELECT Id, AccountId, OwnerId, CreatedDate, CloseDate, coalesce(IsClosed, false) AS closed, coalesce(IsWon, false) AS won,
        CAST(timezone($zone, CreatedDate) AS DATE) AS created_on,
        CAST(timezone($zone, CAST($as_of AS TIMESTAMPTZ)) AS DATE) AS today
    FROM raw_opportunity
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
closing AS (
    SELECT *, CASE WHEN NOT closed THEN today WHEN CloseDate < today THEN CloseDate WHEN CloseDate >= today THEN today END AS last_day
    FROM deal
),
touched AS (
    SELECT opportunity_id, count(*) AS touches,
        count(*) FILTER (counted) AS counted_touches,
        count(*) FILTER (influences) AS influencing_touches,
        min(struct_pack(at := occurred_at, id := activity_id, path := path, member_id := member_id, day := occurred_on))
            FILTER (counted) AS first_touch,
        max(occurred_at) FILTER (counted) AS last_touch_at,
        min(CASE path WHEN 'person' THEN 1 WHEN 'account' THEN 2 ELSE 3 END) FILTER (influences) AS influence_place
    FROM roi_touch
    GROUP BY opportunity_id
),
-- Other opportunities that were there when the first touch came. The oldest decides, so two of each account and person
-- are enough: one of them may be the opportunity itself.
of_account AS (
    SELECT AccountId, Id, CreatedDate
    FROM deal
    WHERE AccountId IS NOT NULL AND CreatedDate IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY AccountId ORDER BY CreatedDate, Id) <= 2
),
of_person AS (
    SELECT p.member_id, d.Id, d.CreatedDate
    FROM (SELECT DISTINCT member_id, opportunity_id FROM roi_person) p
    JOIN deal d ON d.Id = p.opportunity_id
    WHERE d.CreatedDate IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY p.member_id ORDER BY d.CreatedDate, d.Id) <= 2
),
other AS (
    SELECT t.opportunity_id, o.Id AS other_id, o.CreatedDate
    FROM touched t
    JOIN deal d ON d.Id = t.opportunity_id
    JOIN of_account o ON o.AccountId = d.AccountId
    WHERE o.Id <> d.Id AND o.CreatedDate <= t.first_touch.at
    UNION ALL
    SELECT t.opportunity_id, o.Id, o.CreatedDate
    FROM touched t
    JOIN of_person o ON o.member_id = t.first_touch.member_id
    WHERE o.Id <> t.opportunity_id AND o.CreatedDate <= t.first_touch.at
),
earlier AS (
    SELECT opportunity_id, min(struct_pack(at := CreatedDate, id := other_id)).id AS other_id FROM other GROUP BY opportunity_id
),
judged AS (
    SELECT c.*, t.*, e.other_id,
        CASE
            WHEN t.first_touch IS NULL THEN 'no_touch'
            WHEN c.CreatedDate IS NULL THEN 'no_created_date'
            WHEN t.first_touch.at >= c.CreatedDate THEN 'touch_after_creation'
            WHEN c.created_on - t.first_touch.day > 180 THEN 'touch_too_early'
            WHEN e.other_id IS NOT NULL THEN 'earlier_opportunity'
        END AS not_sourced
    FROM closing c
    LEFT JOIN touched t ON t.opportunity_id = c.Id
    LEFT JOIN earlier e ON e.opportunity_id = c.Id
)
SELECT j.Id AS opportunity_id, '1' AS definition_version, j.AccountId AS account_id, j.OwnerId AS owner_id,
    CASE WHEN NOT j.closed THEN 'open' WHEN j.won THEN 'won' ELSE 'lost' END AS status,
    coalesce(year(j.CloseDate) || '-Q' || quarter(j.CloseDate), 'none') AS period,
    j.CreatedDate AS created_at, j.CloseDate AS close_date, CAST($zone AS VARCHAR) AS time_zone, j.created_on,
    CAST(j.last_day - 89 AS DATE) AS window_from, j.last_day AS window_to,
    coalesce(j.touches, 0) AS touches, coalesce(j.counted_touches, 0) AS counted_touches,
    coalesce(j.influencing_touches, 0) AS influencing_touches,
    j.first_touch.at AS first_touch_at, j.first_touch.id AS first_touch_id, j.first_touch.path AS first_touch_path, j.last_touch_at,
    coalesce(j.influencing_touches, 0) > 0 AS influenced,
    ['person', 'account', 'converted_lead'][j.influence_place] AS influence_path,
    j.not_sourced IS NULL AS sourced, j.not_sourced,
    CASE WHEN j.not_sourced = 'earlier_opportunity' THEN j.other_id END AS earlier_opportunity_id,
    CAST($amount_field AS VARCHAR) AS amount_field, a.amount, a.currency, a.corporate_amount, a.corporate_currency,
    a.rate, a.rate_date, a.rate_source, a.no_corporate_amount
FROM judged j
LEFT JOIN roi_amount a ON a.opportunity_id = j.Id
