-- CRM users with the path of roles above them (F15). A role that stands above itself ends the path.
-- in: raw_user, raw_user_role, seat_map
-- out: seat_candidate
WITH RECURSIVE role AS (
    SELECT Id, Name, ParentRoleId FROM raw_user_role WHERE NOT coalesce(IsDeleted, false) AND missing_since IS NULL
),
climb AS (
    SELECT Id AS role_id, [Id] AS path, [coalesce(Name, Id)] AS names, ParentRoleId AS next_id FROM role
    UNION ALL
    SELECT c.role_id, list_prepend(r.Id, c.path), list_prepend(coalesce(r.Name, r.Id), c.names), r.ParentRoleId
    FROM climb c
    JOIN role r ON r.Id = c.next_id
    WHERE NOT list_contains(c.path, r.Id)
),
whole AS (
    SELECT role_id, arg_max(path, len(path)) AS path, arg_max(names, len(path)) AS names FROM climb GROUP BY role_id
),
seated AS (
    SELECT user_id, min(seat_id) AS seat_id FROM seat_map WHERE user_id IS NOT NULL GROUP BY user_id
)
SELECT u.Id AS user_id,
    coalesce(u.Name, nullif(concat_ws(' ', u.FirstName, u.LastName), '')) AS name,
    u.Email AS email, u.Title AS title, coalesce(u.IsActive, false) AS is_active,
    u.UserRoleId AS role_id, r.Name AS role_name,
    w.path AS role_path, array_to_string(w.names, ' > ') AS role_path_names,
    s.seat_id
FROM raw_user u
LEFT JOIN role r ON r.Id = u.UserRoleId
LEFT JOIN whole w ON w.role_id = u.UserRoleId
LEFT JOIN seated s ON s.user_id = u.Id
WHERE NOT coalesce(u.IsDeleted, false) AND u.missing_since IS NULL
