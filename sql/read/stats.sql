-- The administrator's table, in the order in which people name the objects.
-- in: sync_stats
SELECT object, records, matched, coalesce(sure, 0), match_rate_percent, coalesce(match_color, ''), duplicates, decided, unmatched,
    saved, suggested, person_accounts, converted, merged, deleted
FROM sync_stats
ORDER BY object
