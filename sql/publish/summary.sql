-- What a person reads when the run is over: the statistics, with the number of active seats beside each row.
-- in: sync_stats, seat_map
SELECT object, records, matched, match_rate_percent, coalesce(match_color, '') AS match_color, duplicates, saved, suggested,
    (SELECT count(*) FROM seat_map WHERE crm_sync_active) AS active_seats
FROM sync_stats
ORDER BY object
