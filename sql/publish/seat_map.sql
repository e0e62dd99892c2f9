-- Which CRM user each seat is. An explicit crm_user_id beats the email (Z17). Emails compare without regard to case;
-- an inactive user counts only where no active one has the email, because leavers often keep theirs.
-- in: raw_seat, raw_user
-- out: seat_map
-- values: $auto_sync TEXT
WITH crm_user AS (
    SELECT Id, nullif(lower(trim(Email)), '') AS email, coalesce(IsActive, false) AS is_active
    FROM raw_user
    WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
by_email AS (
    SELECT email,
        CASE WHEN bool_or(is_active) THEN min(Id) FILTER (is_active) ELSE min(Id) END AS user_id,
        CASE WHEN bool_or(is_active) THEN count(*) FILTER (is_active) ELSE count(*) END AS users
    FROM crm_user
    WHERE email IS NOT NULL
    GROUP BY email
),
found AS (
    SELECT s.seat_id, s.email, s.member_id, s.sync,
        CASE WHEN s.crm_user_id IS NOT NULL THEN u.Id WHEN e.users = 1 THEN e.user_id END AS user_id,
        CASE WHEN s.crm_user_id IS NOT NULL THEN 'crm_user_id' ELSE 'email' END AS method,
        CASE
            WHEN s.crm_user_id IS NOT NULL THEN 'unknown_user'
            WHEN nullif(trim(s.email), '') IS NULL THEN 'no_email'
            WHEN e.users IS NULL THEN 'no_user_with_email'
            ELSE 'several_users_with_email'
        END AS reason
    FROM (SELECT * REPLACE (nullif(trim(crm_user_id), '') AS crm_user_id) FROM raw_seat) s
    LEFT JOIN crm_user u ON u.Id = s.crm_user_id
    LEFT JOIN by_email e ON e.email = lower(trim(s.email))
),
switched AS (
    SELECT *, CASE $auto_sync WHEN 'all' THEN true WHEN 'per_seat' THEN coalesce(sync, true) ELSE false END AS sync_on
    FROM found
)
SELECT seat_id, email, member_id, user_id,
    CASE WHEN user_id IS NOT NULL THEN method END AS method,
    CASE WHEN user_id IS NULL THEN reason END AS reason,
    sync_on,
    sync_on AND user_id IS NOT NULL AS crm_sync_active
FROM switched
