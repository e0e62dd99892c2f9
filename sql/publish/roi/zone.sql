-- The time zone of days: the one set, else the Organization's, else UTC; and whether the engine knows it.
-- in: raw_organization
-- values: $set_zone TEXT
WITH wanted AS (
    SELECT coalesce(nullif($set_zone, ''), min(nullif(trim(TimeZoneSidKey), '')), 'UTC') AS zone
    FROM raw_organization
    WHERE missing_since IS NULL
)
SELECT zone, zone = 'UTC' OR zone IN (SELECT name FROM pg_timezone_names()) AS known FROM wanted
