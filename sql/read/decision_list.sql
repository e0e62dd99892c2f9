-- All decisions of a run with what became of them.
-- in: raw_decision, decision_outcome
SELECT d.seq, coalesce(d.object, ''), coalesce(d.crm_id, ''), coalesce(d.verdict, ''), coalesce(d.entity_id, ''),
    coalesce(o.now_entity_id, d.entity_id, ''), coalesce(o.outcome, ''), coalesce(o.by_seq, 0),
    coalesce(d."by", ''), d."at", coalesce(d.note, '')
FROM raw_decision d
LEFT JOIN decision_outcome o ON o.seq = d.seq
ORDER BY d.seq
