-- The decisions that a record has by itself or from records that became it, with what became of them in this run. Runs
-- of an older crmlink did not say.
-- in: raw_decision, decision_outcome
-- values: $crm_id TEXT
SELECT d.seq, coalesce(d.object, ''), coalesce(d.crm_id, ''), coalesce(d.verdict, ''), coalesce(d.entity_id, ''),
    coalesce(o.now_entity_id, d.entity_id, ''), coalesce(o.outcome, ''), coalesce(o.by_seq, 0),
    coalesce(d."by", ''), d."at", coalesce(d.note, '')
FROM raw_decision d
LEFT JOIN decision_outcome o ON o.seq = d.seq
WHERE d.crm_id IN ($crm_id, left($crm_id, 15)) OR o.now_crm_id = $crm_id
ORDER BY d.seq
