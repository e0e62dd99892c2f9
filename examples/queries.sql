-- Questions an analyst asks of a publication. With the command line of DuckDB, from any folder:
--   duckdb -readonly STORE/current/analytics.duckdb < examples/queries.sql

-- What became of each record?
SELECT object, status, count(*) AS records
FROM mapping
GROUP BY ALL
ORDER BY ALL;

-- What would help most? Records without a match by reason, and the next step the reason calls for.
SELECT object, reason, min(next_step) AS next_step, count(*) AS records
FROM unmatched
GROUP BY object, reason
ORDER BY records DESC, object, reason;

-- Which comparisons carry the matches? Bits of evidence per matched contact, with what rare values add.
SELECT e.comparison, round(sum(e.weight) / 1000.0 / count(DISTINCT e.crm_id), 2) AS bits
FROM evidence e
JOIN mapping m ON m.object = e.object AND m.crm_id = e.crm_id AND m.entity_id = e.entity_id
WHERE m.object = 'Contact' AND m.status = 'matched' AND e.part <> 'prior'
GROUP BY e.comparison
ORDER BY bits DESC, e.comparison;

-- How long are the lists of each seat?
SELECT s.seat_id, s.crm_sync_active, count(DISTINCT a.crm_id) AS saved, count(DISTINCT l.crm_id) AS suggested
FROM seat_map s
LEFT JOIN auto_save a USING (seat_id)
LEFT JOIN suggested_lead l USING (seat_id)
GROUP BY ALL
ORDER BY saved DESC, suggested DESC, s.seat_id;

-- Which opportunities name records that nobody could match?
SELECT opportunity_id, seat_id, count(*) AS records
FROM not_saved
WHERE reason = 'unmatched'
GROUP BY opportunity_id, seat_id
ORDER BY records DESC, opportunity_id
LIMIT 10;

-- Which companies of the directory do our people know best, without an account in the CRM?
SELECT entity_id, seats, last_touched_at
FROM missing_in_crm
WHERE entity_kind = 'company'
ORDER BY seats DESC, last_touched_at DESC NULLS LAST, entity_id
LIMIT 10;
