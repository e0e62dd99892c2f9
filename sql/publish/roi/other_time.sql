-- Whether two runs' times tell the ROI tables something else: another day, or activities that one of them comes before.
-- in: raw_activity
-- values: $zone TEXT, $as_of TIMESTAMPTZ, $earlier TIMESTAMPTZ
SELECT activity_id FROM raw_activity WHERE (occurred_at >= $as_of) <> (occurred_at >= $earlier)
UNION ALL
SELECT NULL
WHERE CAST(timezone($zone, CAST($as_of AS TIMESTAMPTZ)) AS DATE) <> CAST(timezone($zone, CAST($earlier AS TIMESTAMPTZ)) AS DATE)
