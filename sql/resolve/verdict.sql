-- What decisions come to, by the record that they hold for today.
-- in: decision_outcome
-- out: verdict
SELECT now_object AS object, now_crm_id AS crm_id,
    max(verdict) FILTER (verdict <> 'is_not') AS verdict,
    max(now_entity_id) FILTER (verdict = 'is') AS entity_id,
    -- Several that say the same: the record's own, then the latest.
    arg_max(seq, ((object, crm_id) = (now_object, now_crm_id), seq)) FILTER (verdict <> 'is_not') AS seq,
    coalesce(list(DISTINCT now_entity_id ORDER BY now_entity_id) FILTER (verdict = 'is_not'), []) AS vetoed
FROM decision_outcome
WHERE verdict <> 'undo' AND outcome IN ('applied', 'entity_not_in_directory')
GROUP BY now_object, now_crm_id
